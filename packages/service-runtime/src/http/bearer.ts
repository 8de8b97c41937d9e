import type { IncomingMessage } from 'node:http';

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** The key or token of a request: `Authorization: Bearer <it>`. */
export function bearerOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return BEARER.exec(headers.authorization ?? '')?.[1];
}
