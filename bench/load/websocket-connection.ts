/** A WebSocket client that is cheap enough for thousands of connections in the load generator. */
import { randomBytes } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { encodeClientFrame, FrameDecoder, OPCODES } from './frame-decoder.ts';
import { READ_BUFFER } from './read-buffer.ts';

const HEAD_END = '\r\n\r\n';
const CLOSE_CODE_BYTES = 2;
/** RFC 6455's code for a connection that ended without a close frame. */
const NO_CLOSE_FRAME = 1006;
/** From one address to one port, Linux needs 1 ms for each connection once half of the 28,000 local ports are taken. */
const LOOPBACK_ADDRESSES = 8;

export interface WebSocketHandlers {
  readonly onText: (text: string) => void;
  /**
   * Called first when a frame begins: returns how many bytes of the buffer, up to `end`, are frames that it handled.
   * They may be overwritten afterwards.
   */
  readonly takeFrames?: (buffer: Buffer, end: number) => number;
  /** Called before `onText`, with bytes that may be overwritten afterwards; true if it handled them. */
  readonly onTextBytes?: (bytes: Buffer) => boolean;
  /** Called once, also after `close()`. */
  readonly onClose?: (code: number) => void;
}

export interface WebSocketConnection {
  /** Bytes on the connection until now, in both directions. */
  readonly bytes: () => number;
  readonly send: (text: string) => void;
  /** Ends the connection at once. */
  readonly close: () => void;
}

/** Opens a WebSocket to `ws://` or `http://…`; rejects if the server refuses the upgrade. */
export function openWebSocket(url: string, handlers: WebSocketHandlers): Promise<WebSocketConnection> {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    let head = '';
    let isOpen = false;
    let closeCode = NO_CLOSE_FRAME;
    const decoder = new FrameDecoder((opcode, payload) => {
      if (opcode === OPCODES.text) {
        if (handlers.onTextBytes?.(payload) !== true) handlers.onText(payload.toString('utf8'));
      } else if (opcode === OPCODES.ping) socket.write(encodeClientFrame(OPCODES.pong, payload));
      else if (opcode === OPCODES.close && payload.length >= CLOSE_CODE_BYTES)
        closeCode = payload.readUInt16BE(0);
    });
    const onFrameBytes = (count: number): void => {
      const taken = decoder.isBetweenFrames ? (handlers.takeFrames?.(READ_BUFFER, count) ?? 0) : 0;
      if (taken < count) decoder.push(READ_BUFFER.subarray(taken, count));
    };
    const onUpgradeBytes = (bytes: Buffer): void => {
      head += bytes.toString('latin1');
      const headEnd = head.indexOf(HEAD_END);
      if (headEnd < 0) return;
      if (!head.startsWith('HTTP/1.1 101 ')) {
        socket.destroy(new Error(`the upgrade was answered: ${head.slice(0, headEnd)}`));
        return;
      }
      isOpen = true;
      resolve(connectionOn(socket));
      decoder.push(Buffer.from(head.slice(headEnd + HEAD_END.length), 'latin1'));
    };
    const socket = createConnection({
      host: hostname,
      port: Number(port),
      noDelay: true,
      ...sourceAddress(hostname),
      onread: {
        buffer: READ_BUFFER,
        callback: (count) => {
          if (isOpen) onFrameBytes(count);
          else onUpgradeBytes(READ_BUFFER.subarray(0, count));
          return true;
        },
      },
    });
    socket.once('connect', () => socket.write(upgradeRequest(`${hostname}:${port}`, pathname + search)));
    socket.on('error', reject); // once it is open this does nothing, and `close` follows
    socket.on('close', () => {
      reject(new Error('the connection was closed before it was a WebSocket'));
      if (isOpen) handlers.onClose?.(closeCode);
    });
  });
}

let opened = 0;

/** Connections to this machine come from several of its loopback addresses in turn, where it has them by itself. */
function sourceAddress(hostname: string): { readonly localAddress?: string } {
  if (hostname !== '127.0.0.1' || process.platform !== 'linux') return {};
  opened += 1;
  return { localAddress: `127.0.0.${1 + (opened % LOOPBACK_ADDRESSES)}` };
}

function connectionOn(socket: Socket): WebSocketConnection {
  return {
    bytes: () => socket.bytesRead + socket.bytesWritten,
    send: (text) => socket.write(encodeClientFrame(OPCODES.text, Buffer.from(text))),
    close: () => socket.destroy(),
  };
}

function upgradeRequest(host: string, path: string): string {
  const key = randomBytes(16).toString('base64');
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    HEAD_END.slice(2),
  ].join('\r\n');
}
