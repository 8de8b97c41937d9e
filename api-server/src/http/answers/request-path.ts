import type { IncomingMessage } from 'node:http';

/** The path of a request without its query, which can contain secrets. Express shortens `url` inside a router. */
export function pathOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  const url = request.originalUrl ?? request.url ?? '';
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/**
 * A relative address that leads from this path to the root of the API: empty for `/messages`, `../` for
 * `/messages/batch`. A reverse proxy may serve the API under a path of its own, which the API does not know.
 */
export function wayToRoot(path: string): string {
  const withoutOrigin = path.replace(/^\w+:\/\/[^/]*/, '');
  return '../'.repeat(Math.max(0, withoutOrigin.split('/').length - 2));
}
