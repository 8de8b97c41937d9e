/** Everything for pages, workers and bundlers; node.ts is the same for Node. */
export { PostlineClient } from './postline-client.ts';
export * from './public-api.ts';
