/**
 * Clients that make a server hold memory, each in its own way. They count what they send, and all write HTTP by hand.
 */
import { connect, type Socket } from 'node:net';

/** The bytes of one write, for requests that are sent in many pieces. */
const WRITE_BYTES = 60 * 1024;

export interface HungryClient {
  readonly socket: Socket;
  /** Resolves when everything was written, or the server has closed the connection. */
  readonly sent: Promise<void>;
  /** What it received; empty if it does not read. */
  readonly received: () => string;
}

interface Hunger {
  readonly port: number;
  readonly bytes: Buffer;
  /** Whether it reads its answers. */
  readonly reads: boolean;
}

/** Sends these bytes and stays connected. */
export function openHungryClient({ port, bytes, reads }: Hunger): HungryClient {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  let received = '';
  if (reads) socket.on('data', (data: Buffer) => (received += data.toString('latin1')));
  else socket.pause();
  const sent = new Promise<void>((resolve) => {
    socket.once('close', () => {
      resolve();
    });
    for (let at = 0; at < bytes.length; at += WRITE_BYTES) socket.write(bytes.subarray(at, at + WRITE_BYTES));
    socket.write('', () => {
      resolve();
    });
  });
  return { socket, sent, received: () => received };
}

const HEAD = 'Host: localhost\r\nContent-Type: application/json\r\n';

/** A batch that never ends, in chunks of one byte. */
export function tinyChunks(count: number): Buffer {
  const head = `POST /messages/batch HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
  return Buffer.from(head + '1\r\n \r\n'.repeat(count));
}

/** The beginning of a batch whose rest never comes. */
export function halfBody(bytes: number, promisedBytes: number): Buffer {
  const head = `POST /messages/batch HTTP/1.1\r\n${HEAD}Content-Length: ${promisedBytes}\r\n\r\n`;
  return Buffer.from(head + ' '.repeat(bytes));
}

/** The same request many times, without waiting for answers. */
export function manyGets(path: string, count: number): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(count));
}

/** Whole batches, one after another. */
export function manyBatches(body: string, count: number): Buffer {
  const head = `POST /messages/batch HTTP/1.1\r\n${HEAD}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from((head + body).repeat(count));
}
