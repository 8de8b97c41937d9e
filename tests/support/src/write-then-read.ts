import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Opens a connection to a port of this machine, writes the head and the whole body, reads nothing before that, and
 * returns everything that arrived until the server ended the connection, as Latin-1. Rejects if the connection is reset.
 */
export async function writeThenRead(port: number, head: string, body: Buffer): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.pause();
  const failed = once(socket, 'error').then(([error]: unknown[]) => {
    throw error as Error;
  });
  failed.catch(() => undefined);
  const written = new Promise<void>((resolve) => {
    socket.write(head);
    socket.write(body, () => {
      resolve();
    });
  });
  await Promise.race([written, failed]);
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece)).resume();
  await Promise.race([once(socket, 'end'), failed]);
  socket.destroy();
  return Buffer.concat(pieces).toString('latin1');
}
