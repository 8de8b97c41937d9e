/** Clients that make a server hold memory: each says how, and how much it has sent. All speak HTTP by hand. */
import { connect, type Socket } from 'node:net';

/** Of what is sent in many pieces, so many bytes go into one write. */
const WRITE_BYTES = 60 * 1024;

export interface HungryClient {
  readonly socket: Socket;
  /** Resolves once everything was written, or the other side has hung up. */
  readonly sent: Promise<void>;
  /** What came back; nothing where it does not read. */
  readonly received: () => string;
}

interface Hunger {
  readonly port: number;
  readonly bytes: Buffer;
  /** False: it reads nothing of what it is answered. */
  readonly reads: boolean;
}

/** Sends these bytes and stays. */
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

/** The beginning of a batch of which more never comes. */
export function halfBody(bytes: number, promisedBytes: number): Buffer {
  const head = `POST /messages/batch HTTP/1.1\r\n${HEAD}Content-Length: ${promisedBytes}\r\n\r\n`;
  return Buffer.from(head + ' '.repeat(bytes));
}

/** The same question many times, without waiting for an answer. */
export function manyGets(path: string, count: number): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(count));
}

/** Whole batches, one behind the other. */
export function manyBatches(body: string, count: number): Buffer {
  const head = `POST /messages/batch HTTP/1.1\r\n${HEAD}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from((head + body).repeat(count));
}
