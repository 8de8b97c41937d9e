import type { IncomingMessage } from 'node:http';

/** Whether a request offers WebSocket, in its list of protocols by preference (RFC 9110, 7.8). */
export function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  const offers = headers.upgrade?.split(',') ?? [];
  return offers.some((offer) => offer.trim().toLowerCase() === 'websocket');
}
