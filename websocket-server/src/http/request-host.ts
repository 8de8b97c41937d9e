import type { IncomingMessage } from 'node:http';

/** The host that a request names. Only a host's characters, because it goes into pages, documents and policies. */
export function hostOf({ headers: { host = '' } }: Pick<IncomingMessage, 'headers'>): string {
  return URL.canParse(`http://${host}`) && /^[A-Za-z0-9.:[\]-]+$/.test(host) ? host : 'localhost';
}
