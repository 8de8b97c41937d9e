import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { closeGracefully, HTTP_SERVER_OPTIONS, type ListenAddress, listen } from '@postline/service-runtime';
import { problemAnswer, type Refusal } from './problem.ts';

export interface HttpServerOptions {
  readonly onRequest: RequestListener;
  readonly connectionsMax: number;
}

/** A port that takes requests, and can stop to do so without losing one. */
export interface HttpServer {
  listen(address: ListenAddress): Promise<number>;
  /** Takes no new connection, answers what is in flight with `Connection: close`, ends the rest after the grace. */
  close(graceMilliseconds: number): Promise<void>;
}

export function createHttpServer({ onRequest, connectionsMax }: HttpServerOptions): HttpServer {
  const inFlight = new Set<ServerResponse>();
  let closing = false;
  const onIncoming: RequestListener = (request, response) => {
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
    if (closing) response.setHeader('Connection', 'close');
    onRequest(request, response);
  };
  const server: Server = createServer(HTTP_SERVER_OPTIONS, onIncoming);
  server.maxConnections = connectionsMax;
  server.on('checkExpectation', onIncoming); // whoever expects something unknown gets an ordinary answer
  server.on('clientError', answerClientError);
  return {
    listen: (address) => listen(server, address),
    close: (graceMilliseconds) => {
      closing = true;
      for (const response of inFlight) if (!response.headersSent) response.setHeader('Connection', 'close');
      return closeGracefully(server, graceMilliseconds);
    },
  };
}

/** What arrived is no HTTP request, or stopped halfway: there is no request object, so the answer goes out by hand. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = problemAnswer(refusalOf(error.code));
  const lines = Object.entries({
    ...headers,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} Error\r\n${lines.join('')}\r\n${body}`);
}

function refusalOf(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return { code: 'payload_too_large', status: 431, detail: 'The headers are too large.' };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { code: 'validation_failed', status: 408, detail: 'The request did not arrive in time.' };
  }
  return { code: 'validation_failed', detail: 'This is not a well-formed HTTP request.' };
}
