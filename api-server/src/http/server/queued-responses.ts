import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LinkedList } from '@postline/service-runtime';

const queuedOn = new WeakMap<Socket, LinkedList<ServerResponse>>();

/**
 * Makes every response emit `close`. If a client pipelines requests, their responses wait in a queue, and when the
 * connection closes Node emits `close` only on the first: without this, the cleanup of the others would never run.
 */
export function closeWithConnection(response: ServerResponse): void {
  if (response.socket !== null) return;
  const { socket } = response.req;
  const queued = queuedOn.get(socket) ?? watchClose(socket);
  const entry = queued.add(response);
  response.once('close', () => queued.remove(entry));
}

/** Resolves when all earlier answers on the connection have been sent; with false if the connection has closed. */
export function turnOf(response: ServerResponse): Promise<boolean> {
  if (response.socket !== null || response.destroyed) return Promise.resolve(!response.destroyed);
  return new Promise((resolve) => {
    response.once('socket', () => {
      resolve(true);
    });
    response.once('close', () => {
      resolve(false);
    });
  });
}

function watchClose(socket: Socket): LinkedList<ServerResponse> {
  const queued = new LinkedList<ServerResponse>();
  queuedOn.set(socket, queued);
  socket.once('close', () => {
    for (const response of queued) {
      if (response.socket !== null) continue; // its turn had come: Node emits its `close`
      response.destroy();
      response.emit('close');
    }
  });
  return queued;
}
