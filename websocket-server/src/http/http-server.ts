import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Duplex } from 'node:stream';
import {
  endBrokenConnection,
  HTTP_SERVER_OPTIONS,
  ignoreForeignUpgrades,
  lingerAtEnd,
  OpenResponses,
} from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';
import { isWebSocketUpgrade } from '../socket/web-socket-upgrade.ts';
import { RETRY_AFTER_SECONDS } from '../admission/upgrade-refusal.ts';
import { TcpConnectionLimit } from '../admission/tcp-connection-limit.ts';

export interface HttpServerParts {
  readonly tcpConnections?: TcpConnectionLimit;
  /** Filled here, for the server that takes upgrades. */
  readonly openResponses?: OpenResponses;
}

/** The server on the relay's port. Clients that are slow with their headers are cut off, and their number is bounded. */
export function createHttpServer(
  settings: RelaySettings,
  onRequest: RequestListener,
  {
    tcpConnections = new TcpConnectionLimit(settings),
    openResponses = new OpenResponses(),
  }: HttpServerParts = {},
): Server {
  const { headersTimeoutMs, headersBytesMax, connectionsMax, connectionsAwaitingIdentifyMax } = settings;
  const { requestTimeout, connectionsCheckingInterval } = HTTP_SERVER_OPTIONS;
  const onIncoming: RequestListener = (request, response) => {
    lingerAtEnd(response);
    openResponses.add(response);
    if (tcpConnections.isBeyond(request.socket)) answerBeyond(response);
    else onRequest(request, response);
  };
  const server = createServer(
    {
      ...HTTP_SERVER_OPTIONS,
      maxHeaderSize: headersBytesMax,
      requireHostHeader: false, // probes have none; the application refuses other requests without one
      headersTimeout: headersTimeoutMs,
      requestTimeout: Math.max(requestTimeout, headersTimeoutMs),
      connectionsCheckingInterval: Math.min(connectionsCheckingInterval, headersTimeoutMs),
    },
    onIncoming,
  );
  server.on('checkContinue', onIncoming); // no route needs a body, so none is requested
  server.on('clientError', (error, socket) => {
    answerClientError(error, socket, openResponses.newestOn(socket));
  });
  ignoreForeignUpgrades(server, {
    findOpenResponse: (socket) => openResponses.newestOn(socket),
    isForeign: (request) => !isWebSocketUpgrade(request),
  });
  // In addition to open connections, as many may still be sending their headers as may wait to identify.
  server.maxConnections = connectionsMax + connectionsAwaitingIdentifyMax;
  tcpConnections.guard(server);
  return server;
}

function answerBeyond(response: ServerResponse): void {
  const body = 'too-many-from-this-address\n';
  const headers = { Connection: 'close', 'Retry-After': RETRY_AFTER_SECONDS, 'Content-Type': 'text/plain' };
  response.writeHead(429, { ...headers, 'Content-Length': body.length }).end(body);
}

/** Answers as Node does, but also reaches clients that read only after they have sent everything. */
function answerClientError(
  { code }: NodeJS.ErrnoException,
  socket: Duplex,
  open: ServerResponse | undefined,
): void {
  if (code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  endBrokenConnection(socket, head, open);
}
