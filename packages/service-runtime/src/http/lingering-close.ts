import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { whenSent } from './earlier-answers.ts';

/** More than any body that is answered 413 by mistake; input read here is discarded and takes no memory. */
const LINGER_BYTES_MAX = 64 * 1024 * 1024;
/** As long as any request may take. */
const LINGER_MS_MAX = 30_000;
/** Shorter, because after something that is not a request little or no input follows. */
const LINGER_BROKEN_MS_MAX = 5_000;
/** Connections of one process that linger; a further one is closed at once, and may lose its answer. */
const LINGERING_MAX = 1_000;
/** A connection is kept for further requests if at most this much of the refused body is missing. */
const REST_KEPT_ALIVE_BYTES_MAX = 64 * 1024;

let lingeringCount = 0;

/** Whether part of the request's body has not arrived yet. */
function isStillSent(request: IncomingMessage): boolean {
  if (request.complete) return false; // nearly always: Node makes the object of headers only when it is asked for
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Whether a response is sent before its request was read, on a connection that must be closed afterwards: because the
 * client asked for that, because much of the body is missing, or because a client that waits for `100 Continue` may or
 * may not send its body. If it were closed at once, the connection would be reset while the client writes, and the
 * answer would be lost.
 */
export function mustLinger(response: ServerResponse): boolean {
  const { req: request } = response;
  if (!isStillSent(request)) return false;
  const { headers } = request;
  const isRestSmall =
    headers['transfer-encoding'] === undefined &&
    Number(headers['content-length']) <= REST_KEPT_ALIVE_BYTES_MAX;
  const isKept = response.shouldKeepAlive && response.getHeader('connection') !== 'close';
  return !isRestSmall || !isKept || headers.expect !== undefined;
}

/**
 * Sends the last bytes of a response, half-closes the connection, and closes it once the client has sent its whole
 * request; until then its input is discarded, within a bound of bytes and time. The headers must be set already,
 * `Connection: close` among them.
 */
export function endAndLinger(response: ServerResponse, body: string | Uint8Array): void {
  const { req: request } = response;
  const { socket } = request;
  const destroySoon = socket.destroySoon.bind(socket);
  // Node calls this when the last response on a connection was sent.
  socket.destroySoon = () => {
    if (request.complete) destroySoon();
    else lingerAfter(request, destroySoon);
  };
  request.resume();
  response.end(body);
}

function lingerAfter(request: IncomingMessage, onEnd: () => void): void {
  const { socket } = request;
  const bytesBefore = socket.bytesRead;
  const linger = startLingering(LINGER_MS_MAX, onEnd);
  const onFurther = () => {
    if (socket.bytesRead - bytesBefore > LINGER_BYTES_MAX) linger.end();
  };
  answered.set(socket, onFurther); // an error in the rest of the request gets no second answer
  socket.end();
  request.on('data', onFurther).once('end', linger.end);
  socket.once('close', linger.end);
}

/**
 * Makes `response.end` linger where necessary, for a framework that calls it. Call this before the framework gets the
 * request. It adds `Connection: close`, so the headers must be set and not written (`writeHead`), or have it already.
 */
export function lingerAtEnd(response: ServerResponse): void {
  if (!isStillSent(response.req)) return;
  const end: ServerResponse['end'] = response.end.bind(response);
  const endOrLinger = (...given: unknown[]): ServerResponse => {
    response.end = end;
    const [body = ''] = given;
    const isBody = typeof body === 'string' || body instanceof Uint8Array;
    if (!isBody || !mustLinger(response)) return Reflect.apply(end, response, given) as ServerResponse;
    if (!response.headersSent) response.setHeader('Connection', 'close');
    endAndLinger(response, body);
    return response;
  };
  response.end = endOrLinger as ServerResponse['end'];
}

/** Connections whose last response was sent, each with a function for further input. */
const answered = new WeakMap<Duplex, () => void>();

/**
 * The same for a connection whose input is not a request, or which HTTP no longer owns: sends the text, half-closes,
 * and discards input for a while. Call it for every further piece of input too: Node reports each as another error.
 * `open` is the last response that is not sent yet on this connection: it goes first, unless its own request is the
 * broken one.
 */
export function endBrokenConnection(socket: Duplex, text: string, open?: ServerResponse): void {
  const onFurther = answered.get(socket);
  if (onFurther !== undefined) {
    onFurther();
    return;
  }
  if (open?.req.complete === true) {
    void endBehind(open, text);
    return;
  }
  const bytesRead = () => ('bytesRead' in socket ? Number(socket.bytesRead) : 0);
  const bytesBefore = bytesRead();
  socket.end(text);
  const linger = startLingering(LINGER_BROKEN_MS_MAX, () => {
    if (socket.writableFinished) socket.destroy();
    else socket.once('finish', () => socket.destroy());
  });
  answered.set(socket, () => {
    if (bytesRead() - bytesBefore > LINGER_BYTES_MAX) linger.end();
  });
  socket.once('end', linger.end).once('close', linger.end);
}

async function endBehind(open: ServerResponse, text: string): Promise<void> {
  const { socket } = open.req;
  answered.set(socket, () => undefined);
  await whenSent(open);
  answered.delete(socket);
  if (!socket.destroyed && socket.writable) endBrokenConnection(socket, text);
}

/** Calls `onEnd` once: when `end` is called, after a time-out, or at once if too many connections linger. */
function startLingering(milliseconds: number, onEnd: () => void): { readonly end: () => void } {
  if (lingeringCount >= LINGERING_MAX) {
    onEnd();
    return { end: () => undefined };
  }
  lingeringCount += 1;
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    lingeringCount -= 1;
    clearTimeout(timer);
    onEnd();
  };
  const timer = setTimeout(end, milliseconds);
  timer.unref();
  return { end };
}
