import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LinkedList } from '@postline/service-runtime';

const queuedOn = new WeakMap<Socket, LinkedList<ServerResponse>>();

/**
 * Sees to it that every response gets its `close`. Where a client sends further requests before it has its answers,
 * their responses wait in a queue, and Node tells only the first of them that the connection is gone: the others, and
 * whatever is done at their end, would wait for ever.
 */
export function closeWithConnection(response: ServerResponse): void {
  if (response.socket !== null) return;
  const { socket } = response.req;
  const queued = queuedOn.get(socket) ?? watchClose(socket);
  const entry = queued.add(response);
  response.once('close', () => queued.remove(entry));
}

/** Resolves once the answers before this one are out on its connection; with false where the connection is gone. */
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
      if (response.socket !== null) continue; // its turn had come: Node tells it
      response.destroy();
      response.emit('close');
    }
  });
  return queued;
}
