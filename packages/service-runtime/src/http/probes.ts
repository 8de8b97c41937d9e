import type { IncomingMessage } from 'node:http';

const PROBED_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
/** A proxy may put scheme and host before the path. */
const ABSOLUTE_FORM = /^https?:\/\/[^/?]*/i;

/**
 * True for a probe of health or readiness. Probes are answered under any host name and without one: load balancers use
 * addresses, HTTP/1.0, or internal names, and the answer reveals nothing to a hostile page.
 */
export function isProbe({ method, url = '' }: IncomingMessage): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const path = url.replace(ABSOLUTE_FORM, '');
  const end = path.indexOf('?');
  return PROBED_PATHS.has(end === -1 ? path : path.slice(0, end));
}

/**
 * HTTP/1.1 requires a `Host` header. The server accepts requests without one only because of probes; others are
 * refused.
 */
export function lacksHost({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersionMajor === 1 && httpVersionMinor >= 1;
}
