import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';

const HANDSHAKE =
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

/** Makes a WebSocket of a TCP connection by hand: nothing answers pings or closes, or reads, unless the test does. */
export async function openRawWebSocket(socket: Socket, headers = ''): Promise<Socket> {
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`${HANDSHAKE}${headers}\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(answer.toString('latin1'));
  return socket;
}

/** The code of the close frame that comes next. */
export async function nextCloseCode(socket: Socket): Promise<number> {
  const [frame] = (await once(socket, 'data')) as [Buffer];
  if (frame[0] !== 0x88) throw new Error(`not a close frame: ${frame.toString('latin1')}`);
  return frame.readUInt16BE(2);
}

export interface RawFrame {
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping. */
  readonly opcode: number;
  readonly payload: string | Buffer;
  /** False for all but the last fragment. */
  readonly isLast?: boolean;
}

/** One masked frame, as a client sends it. */
export function rawFrame({ opcode, payload, isLast = true }: RawFrame): Buffer {
  const data = Buffer.from(payload);
  const mask = randomBytes(4);
  const masked = data.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([(isLast ? 0x80 : 0) | opcode]), lengthOf(data), mask, masked]);
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 126) return Buffer.from([0x80 | length]);
  if (length > 0xffff) {
    const long = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    long.writeUInt32BE(length, 5);
    return long;
  }
  return Buffer.from([0xfe, length >> 8, length & 0xff]);
}
