import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A connection on which nothing moves for so long: its client does not take the answer that it asked for. */
const STALLED_MS_MAX = 30_000;

/** Resolves when this response has been sent, or its connection is gone. */
export async function whenSent(response: ServerResponse): Promise<void> {
  const { socket } = response.req;
  if (response.closed || socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('close', done);
      socket.off('close', done).off('error', done);
      resolve();
    };
    response.on('close', done);
    socket.on('close', done).on('error', done);
  });
}

/** The newest response of each connection that is not sent yet: what comes behind it on the connection has to wait. */
export class OpenResponses {
  readonly #newest = new WeakMap<Duplex, ServerResponse>();

  add(response: ServerResponse): void {
    const { socket } = response.req;
    this.#newest.set(socket, response);
    response.on('close', () => {
      if (this.#newest.get(socket) === response) this.#newest.delete(socket);
    });
  }

  newestOn(socket: Duplex): ServerResponse | undefined {
    return this.#newest.get(socket);
  }
}

/**
 * Waits until everything that was asked for earlier on a connection is answered, for what Node no longer parses there: an
 * upgrade. Nothing is read meanwhile but what fits the stream's buffer. False where the connection ends with the last of
 * the answers.
 */
export async function earlierAnswersSent(newest: ServerResponse): Promise<boolean> {
  const { socket } = newest.req;
  ignoreErrors(socket);
  const giveUp = () => {
    socket.destroy();
  };
  socket.on('timeout', giveUp).setTimeout(STALLED_MS_MAX);
  await whenSent(newest);
  socket.off('timeout', giveUp).setTimeout(0);
  if (!socket.destroyed && socket.writable) return true;
  socket.resume(); // the last answer was given, and what follows is thrown away
  return false;
}

/** Meanwhile nobody else listens; the socket is destroyed in any case. */
function ignoreErrors(socket: Duplex): void {
  if (!socket.listeners('error').includes(ignoreError)) socket.on('error', ignoreError);
}

function ignoreError(): void {
  return undefined;
}
