/** Everything for Node; index.ts is the same for pages, workers and bundlers. */
export { PostlineClient } from './node-postline-client.ts';
export * from './public-api.ts';
