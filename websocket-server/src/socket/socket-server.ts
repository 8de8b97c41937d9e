import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { IDENTIFY_FRAME_BYTES_MAX } from '@postline/protocol';
import { earlierAnswersSent, endBrokenConnection, type OpenResponses } from '@postline/service-runtime';
import { WebSocketServer } from 'ws';
import { Connection, type ConnectionHost } from '../connection/connection.ts';
import { refusalAnswer, type UpgradeRefusal } from '../admission/upgrade-refusal.ts';
import { RelayWebSocket, type SocketEvents, WsClientSocket } from './relay-web-socket.ts';
import type { SocketQueues } from './socket-queues.ts';
import { isWebSocketUpgrade } from './web-socket-upgrade.ts';
import type { WriteTurn } from './write-turn.ts';

/** Clients send small frames in one piece; a few fragments are generous. */
const FRAGMENTS_MAX = 16;
/** Pieces of an incomplete frame: a frame of 256 KiB arrives in about 180 TCP segments. */
const BUFFERED_CHUNKS_MAX = 1_024;
/** Protocol pings that may wait for their pong: more than arrive in one burst, and 8 KB at most. */
const PENDING_PONGS_MAX = 64;
/** A peer that does not answer a close frame within this time is dropped (the library's default is 30 s). */
const CLOSE_ANSWER_MS = 2_000;

const WEB_SOCKET_OPTIONS = {
  noServer: true,
  WebSocket: RelayWebSocket,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: IDENTIFY_FRAME_BYTES_MAX,
  maxFragments: FRAGMENTS_MAX,
  maxBufferedChunks: BUFFERED_CHUNKS_MAX,
  maxPendingAutoPongs: PENDING_PONGS_MAX,
  closeTimeout: CLOSE_ANSWER_MS,
};

/** What happens to upgrades, and to the connections that they become. */
export interface UpgradeHandling extends SocketEvents {
  /** Why an upgrade is refused, by its headers; undefined if it is admitted. */
  readonly refusal: (request: IncomingMessage) => UpgradeRefusal | undefined;
  /** The address that limits count the connection by. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly onConnection: (connection: Connection, request: IncomingMessage) => void;
}

export interface SocketServerOptions extends UpgradeHandling {
  readonly httpServer: Server;
  /** Unanswered requests; an upgrade waits for those before it. Left out if the server answers at once. */
  readonly openResponses?: Pick<OpenResponses, 'newestOn'>;
  readonly turn: WriteTurn;
  readonly queues: SocketQueues;
  readonly host: ConnectionHost;
}

/** Accepts WebSocket upgrades on any path of an HTTP server, and creates a Connection for each. */
export function attachSocketServer(options: SocketServerOptions): void {
  const { httpServer, openResponses, turn, queues, host, refusal, addressOf, onConnection } = options;
  const webSockets = new WebSocketServer<typeof RelayWebSocket>(WEB_SOCKET_OPTIONS);
  webSockets.on('wsClientError', (error, socket, { method }) => {
    endWith(socket, badHandshakeAnswer(method, error.message));
  });

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    request.headers.upgrade = 'websocket'; // the library does not parse lists
    const refused = refusal(request);
    if (refused !== undefined) {
      endWith(socket, refusalAnswer(refused));
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (ws) => {
      const writer = new WsClientSocket({ ws, raw: request.socket, turn, queues });
      const connection = new Connection({
        id: randomUUID(),
        socket: writer,
        host,
        address: addressOf(request),
      });
      ws.connection = connection;
      ws.writer = writer;
      ws.events = options;
      request.socket.on('data', () => {
        writer.onReceived(); // behind the library's own listener
      });
      onConnection(connection, request);
    });
  };

  httpServer.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!isWebSocketUpgrade(request)) return; // the HTTP server answers it as a plain request
    const open = openResponses?.newestOn(socket);
    if (open === undefined) {
      upgrade(request, socket, head);
      return;
    }
    void earlierAnswersSent(open).then((goesOn) => {
      if (goesOn) upgrade(request, socket, head);
    });
  });
}

/** The library's own answer claims to be HTML. It supports versions 13 and 8 (RFC 6455, 4.4). */
function badHandshakeAnswer(method: string | undefined, reason: string): string {
  const body = `${reason}\n`;
  const status = method === 'GET' ? '400 Bad Request' : '405 Method Not Allowed';
  return (
    `HTTP/1.1 ${status}\r\nConnection: close\r\nSec-WebSocket-Version: 13, 8\r\nContent-Type: text/plain\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

function endWith(socket: Duplex, answer: string): void {
  socket.on('error', ignoreError);
  endBrokenConnection(socket, answer);
  socket.resume();
}

/** The socket is destroyed anyway. */
function ignoreError(): void {
  return undefined;
}
