/** The entry for pages, workers and bundlers. It exports the same names as node.ts. */
import { browserEnvironment } from './platform/browser-environment.ts';
import type { PostlineClientOptions } from './client-options.ts';
import { PostlineClientBase } from './postline-client-base.ts';

export * from './public-api.ts';

/** A client in a page or a worker. */
export class PostlineClient<Payload = string> extends PostlineClientBase<Payload> {
  constructor(options: PostlineClientOptions<Payload>) {
    super(options, browserEnvironment());
  }
}
