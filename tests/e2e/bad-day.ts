import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** The wait that a publisher is asked for on a bad day. */
export const RETRY_AFTER_SECONDS = 1;

interface Attempt {
  readonly idempotencyKey: string | undefined;
  readonly atMs: number;
  /** The status that the API answered, where the request was let through to it. */
  status?: number;
  replayed?: boolean;
}

export interface BadDay {
  readonly url: string;
  readonly attempts: readonly Attempt[];
  readonly close: () => Promise<void>;
}

/**
 * A front before the API that has a bad day: the first request is answered 503 with Retry-After, the second reaches the
 * API but its answer is lost with the connection, all others go through.
 */
export async function startBadDay(apiUrl: string): Promise<BadDay> {
  const attempts: Attempt[] = [];

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const idempotencyKey = request.headersDistinct['idempotency-key']?.[0];
    const attempt: Attempt = { idempotencyKey, atMs: performance.now() };
    const count = attempts.push(attempt);
    const body = await buffer(request);
    if (count === 1) {
      response.writeHead(503, {
        'Retry-After': RETRY_AFTER_SECONDS,
        'Content-Type': 'application/problem+json',
      });
      response.end('{"title":"The server has too much to do","status":503,"code":"overloaded"}');
      return;
    }
    const answer = await fetch(apiUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey ?? '' },
      body,
    });
    attempt.status = answer.status;
    attempt.replayed = answer.headers.get('Idempotent-Replayed') === 'true';
    if (count === 2) {
      request.socket.resetAndDestroy();
      return;
    }
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type') ?? '' });
    response.end(await answer.text());
  }

  const server = createServer((request, response) => void onRequest(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    attempts,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
