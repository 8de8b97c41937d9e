import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  addressGroup,
  closeGracefully,
  Counts,
  endBrokenConnection,
  HTTP_SERVER_OPTIONS,
  ignoreForeignUpgrades,
  LinkedList,
  type ListenAddress,
  listen,
  plainAddress,
} from '@postline/service-runtime';
import { sendAnswer } from '../answers/answer.ts';
import { problemAnswer, type Refusal } from '../answers/problem.ts';
import type { UntakenAnswers } from '../answers/untaken-answers.ts';
import { holdContinue } from '../body/receive-body.ts';
import { closeWithConnection } from './queued-responses.ts';

const URL_TOO_LONG = problemAnswer({
  code: 'payload_too_large',
  status: 414,
  detail: 'The URL of the request is too long.',
});

export interface HttpServerLimits {
  readonly connectionsMax: number;
  /** Undefined: one address may use all connections. */
  readonly connectionsPerAddressMax: number | undefined;
  /** Includes the URL of the request. */
  readonly headersBytesMax: number;
  readonly urlBytesMax: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

export interface HttpServerOptions extends HttpServerLimits {
  readonly onRequest: RequestListener;
  /** Counts the answers that clients do not receive. */
  readonly untaken: UntakenAnswers;
}

/** A server that can close without losing a request. */
export interface HttpServer {
  listen(address: ListenAddress): Promise<number>;
  /** Accepts and answers everything, with `Connection: close` from now on. */
  startDraining(): void;
  /** Accepts no new connection, answers open requests with `Connection: close`, and closes the rest after the grace. */
  close(graceMilliseconds: number): Promise<void>;
}

export function createHttpServer({ onRequest, untaken, ...limits }: HttpServerOptions): HttpServer {
  const inFlight = new LinkedList<ServerResponse>();
  let isDraining = false;
  const onIncoming: RequestListener = (request, response) => {
    if (!request.socket.writable) return; // the last answer was sent: later requests on this connection are discarded
    const entry = inFlight.add(response);
    response.on('close', () => inFlight.remove(entry));
    closeWithConnection(response);
    untaken.countQueued(response);
    if (response.destroyed) return;
    if (isDraining) response.setHeader('Connection', 'close');
    if ((request.url?.length ?? 0) > limits.urlBytesMax) sendAnswer(response, URL_TOO_LONG);
    else onRequest(request, response);
  };
  const server: Server = createServer(
    {
      ...HTTP_SERVER_OPTIONS,
      maxHeaderSize: limits.headersBytesMax,
      headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      requireHostHeader: false, // probes may omit it; the cross-origin guard refuses all others
    },
    onIncoming,
  );
  ignoreForeignUpgrades(server, { findOpenResponse: (socket) => lastOn(socket, inFlight) });
  server.maxConnections = limits.connectionsMax;
  server.on('connection', (socket) => {
    untaken.watch(socket);
  });
  if (limits.connectionsPerAddressMax !== undefined) boundAddresses(server, limits.connectionsPerAddressMax);
  server.on('checkContinue', (request, response) => {
    holdContinue(request, response);
    onIncoming(request, response);
  });
  server.on('checkExpectation', onIncoming); // an unknown expectation gets an ordinary answer
  server.on('clientError', (error, socket) => {
    answerClientError(error, socket, lastOn(socket, inFlight));
  });
  const startDraining = () => {
    isDraining = true;
    for (const response of inFlight) if (!response.headersSent) response.setHeader('Connection', 'close');
  };
  return {
    listen: (address) => listen(server, address),
    startDraining,
    close: (graceMilliseconds) => {
      startDraining();
      return closeGracefully(server, graceMilliseconds);
    },
  };
}

function lastOn(socket: Duplex, responses: Iterable<ServerResponse>): ServerResponse | undefined {
  let last: ServerResponse | undefined;
  for (const response of responses) if (response.req.socket === socket) last = response;
  return last;
}

/** Closes a new connection at once if its address has reached the limit. */
function boundAddresses(server: Server, connectionsMax: number): void {
  const counts = new Counts<string>();
  server.on('connection', (socket) => {
    const address = addressGroup(plainAddress(socket.remoteAddress ?? ''));
    if (counts.get(address) >= connectionsMax) {
      socket.destroy();
      return;
    }
    counts.add(address);
    socket.once('close', () => counts.subtract(address));
  });
}

/** Answers bytes that are not a complete HTTP request. There is no response object, so the answer is written by hand. */
function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  open: ServerResponse | undefined,
): void {
  if (error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, headers, body } = problemAnswer(refusalOf(error.code));
  const lines = Object.entries({
    ...headers,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  endBrokenConnection(socket, `HTTP/1.1 ${status} Error\r\n${lines.join('')}\r\n${body}`, open);
}

function refusalOf(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return { code: 'payload_too_large', status: 431, detail: 'The headers are too large.' };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { code: 'validation_failed', status: 408, detail: 'The request did not arrive in time.' };
  }
  return { code: 'validation_failed', detail: 'This is not a valid HTTP request.' };
}
