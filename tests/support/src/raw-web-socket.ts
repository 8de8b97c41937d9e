import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';

const HANDSHAKE =
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

/** What asks for a WebSocket, with further headers (each with its line end) where there are some. */
export function upgradeRequest(headers = ''): string {
  return `${HANDSHAKE}${headers}\r\n`;
}

/** Makes a WebSocket of a TCP connection by hand: nothing answers pings or closes, or reads, unless the test does. */
export async function openRawWebSocket(socket: Socket, headers = ''): Promise<Socket> {
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(upgradeRequest(headers));
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
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong; others are reserved. */
  readonly opcode: number;
  readonly payload: string | Buffer;
  /** False for all but the last fragment. */
  readonly isLast?: boolean;
  /** RSV1, RSV2 and RSV3 as the bits 4, 2 and 1: nothing that was agreed on uses them. */
  readonly reserved?: number;
  /** False as a client never may. */
  readonly isMasked?: boolean;
  /** Says the length in more bytes than it needs. */
  readonly lengthBytes?: 2 | 8;
}

/** One masked frame, as a client sends it. */
export function rawFrame(frame: RawFrame): Buffer {
  const { opcode, payload, isLast = true, reserved = 0, isMasked = true } = frame;
  const data = Buffer.from(payload);
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | opcode;
  const length = lengthOf(data.length, frame.lengthBytes);
  if (!isMasked) return Buffer.concat([Buffer.from([first]), length, data]);
  length[0] = 0x80 | (length[0] ?? 0);
  const mask = randomBytes(4);
  const masked = data.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([first]), length, mask, masked]);
}

function lengthOf(bytes: number, lengthBytes: RawFrame['lengthBytes']): Buffer {
  if (bytes < 126 && lengthBytes === undefined) return Buffer.from([bytes]);
  if (bytes > 0xffff || lengthBytes === 8) {
    const long = Buffer.alloc(9, 0);
    long[0] = 127;
    long.writeBigUInt64BE(BigInt(bytes), 1);
    return long;
  }
  return Buffer.from([126, bytes >> 8, bytes & 0xff]);
}
