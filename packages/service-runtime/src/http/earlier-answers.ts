import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A client that reads nothing for this long does not take its answer. */
const STALLED_MS_MAX = 30_000;

/** Resolves when this response was sent, or its connection is closed. */
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

/** The newest response of each connection that is not sent yet: later answers on the connection must wait for it. */
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
 * Waits until all earlier requests on a connection are answered, for an upgrade, behind which Node does not parse any
 * more. Meanwhile only the stream's buffer is read. False if the connection ends with the last answer.
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
  socket.resume(); // no further answer follows, so further input is discarded
  return false;
}

/** Meanwhile the socket has no other listener; an error destroys it in any case. */
function ignoreErrors(socket: Duplex): void {
  if (!socket.listeners('error').includes(ignoreError)) socket.on('error', ignoreError);
}

function ignoreError(): void {
  return undefined;
}
