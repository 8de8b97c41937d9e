/** The entry for Node. It exports the same names as index.ts. */
import type { PostlineClientOptions } from './client-options.ts';
import { nodeEnvironment } from './platform/node-environment.ts';
import { PostlineClientBase } from './postline-client-base.ts';

export * from './public-api.ts';

/** A client in a Node process. */
export class PostlineClient<Payload = string> extends PostlineClientBase<Payload> {
  constructor(options: PostlineClientOptions<Payload>) {
    super(options, nodeEnvironment);
  }
}
