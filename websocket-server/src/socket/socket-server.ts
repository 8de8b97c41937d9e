import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLIENT_FRAME_BYTES_MAX, CLOSE_CODES } from '@postline/protocol';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { Connection, type ConnectionHost } from '../connection.ts';
import { RelayWebSocket, WsClientSocket } from './relay-web-socket.ts';

/** Frames of clients are small and sent whole; a handful of fragments is already generous. */
const FRAGMENTS_MAX = 16;
/** Pieces of one frame that may wait for the rest of it: a frame of 64 KiB comes in a few dozen TCP segments. */
const BUFFERED_CHUNKS_MAX = 1_024;
/** Protocol pings of a client that may wait to be answered. */
const PENDING_PONGS_MAX = 8;

const WEB_SOCKET_OPTIONS = {
  noServer: true,
  WebSocket: RelayWebSocket,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: CLIENT_FRAME_BYTES_MAX,
  maxFragments: FRAGMENTS_MAX,
  maxBufferedChunks: BUFFERED_CHUNKS_MAX,
  maxPendingAutoPongs: PENDING_PONGS_MAX,
};

/** Why an upgrade is refused. */
export type UpgradeRefusal = 'origin-not-allowed' | 'host-not-allowed' | 'draining' | 'too-many-connections';

const REFUSAL_STATUS: Readonly<Record<UpgradeRefusal, string>> = {
  'origin-not-allowed': '403 Forbidden',
  'host-not-allowed': '403 Forbidden',
  draining: '503 Service Unavailable',
  'too-many-connections': '503 Service Unavailable',
};

export interface SocketServerOptions {
  readonly httpServer: Server;
  readonly host: ConnectionHost;
  /** Decides on an upgrade by its headers; `undefined` lets it in. */
  readonly refusal: (request: IncomingMessage) => UpgradeRefusal | undefined;
  readonly onConnection: (connection: Connection) => void;
  readonly onClose: (code: number) => void;
}

/** Takes WebSocket upgrades on an HTTP server, on any path, and makes a Connection of each. */
export function attachSocketServer(options: SocketServerOptions): void {
  const { httpServer, host, refusal, onConnection, onClose } = options;
  const webSockets = new WebSocketServer<typeof RelayWebSocket>(WEB_SOCKET_OPTIONS);
  const countClose = (code: number) => {
    onClose(code);
  };

  httpServer.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refused = refusal(request);
    if (refused !== undefined) return refuseUpgrade(socket, refused);
    webSockets.handleUpgrade(request, socket, head, (ws) => {
      const connection = new Connection({
        id: randomUUID(),
        socket: new WsClientSocket(ws, request.socket),
        host,
      });
      ws.connection = connection;
      ws.on('message', onMessage);
      ws.on('pong', onPong);
      ws.on('ping', onPong);
      ws.on('error', ignoreError);
      ws.on('close', onWebSocketClose);
      ws.on('close', countClose);
      onConnection(connection);
    });
  });
}

function refuseUpgrade(socket: Duplex, refused: UpgradeRefusal): void {
  const body = `${refused}\n`;
  socket.on('error', ignoreError);
  socket.end(
    `HTTP/1.1 ${REFUSAL_STATUS[refused]}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  if (isBinary) connectionOf(this)?.fail('bad_frame', CLOSE_CODES.badFrame);
  else connectionOf(this)?.onText((data as Buffer).toString('utf8'));
}

function connectionOf(ws: WebSocket): Connection | undefined {
  return ws instanceof RelayWebSocket ? ws.connection : undefined;
}

function onPong(this: WebSocket): void {
  connectionOf(this)?.onSignOfLife();
}

function onWebSocketClose(this: WebSocket): void {
  connectionOf(this)?.onClosed();
}

/** The library closes the socket itself (with 1002, 1007 or 1009); the close event does the rest. */
function ignoreError(): void {
  return undefined;
}
