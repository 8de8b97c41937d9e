import type { IncomingMessage } from 'node:http';

/** Whether WebSocket is among the protocols that a request offers, in order of preference (RFC 9110, 7.8). */
export function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  const offers = headers.upgrade?.split(',') ?? [];
  return offers.some((offer) => offer.trim().toLowerCase() === 'websocket');
}
