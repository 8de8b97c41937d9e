import type { IncomingMessage } from 'node:http';

/** The path that was asked for, without the query, which may hold secrets. Express shortens `url` inside a router. */
export function pathOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  const url = request.originalUrl ?? request.url ?? '';
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
