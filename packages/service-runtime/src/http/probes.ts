import type { IncomingMessage } from 'node:http';

const PROBED_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
/** What a proxy may put before the path. */
const ABSOLUTE_FORM = /^https?:\/\/[^/?]*/i;

/**
 * True for a question about health or readiness. Those are answered under any name and without one: load balancers
 * ask by address, by HTTP/1.0, or under a name of their own, and the answer tells a stranger's page nothing.
 */
export function isProbe({ method, url = '' }: IncomingMessage): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const path = url.replace(ABSOLUTE_FORM, '');
  const end = path.indexOf('?');
  return PROBED_PATHS.has(end === -1 ? path : path.slice(0, end));
}

/** HTTP/1.1 asks for a `Host` header. The server takes requests without one for the sake of probes: others are refused. */
export function lacksHost({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersionMajor === 1 && httpVersionMinor >= 1;
}
