import type { PostlineClientOptions } from './client-options.ts';
import { nodeEnvironment } from './platform/node-environment.ts';
import { PostlineClientBase } from './postline-client-base.ts';

/** A client in a Node process. */
export class PostlineClient<Payload = string> extends PostlineClientBase<Payload> {
  constructor(options: PostlineClientOptions<Payload>) {
    super(options, nodeEnvironment);
  }
}
