import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { whenSent } from './earlier-answers.ts';

/** More than any body that is answered 413 by mistake; what is read here is thrown away, and costs no memory. */
const LINGER_BYTES_MAX = 64 * 1024 * 1024;
/** As long as a request may take anyway. */
const LINGER_MS_MAX = 30_000;
/** After what is no request, most has come already, or nothing more comes. */
const LINGER_BROKEN_MS_MAX = 5_000;
/** Clients in one process that still send what nobody needs; a further one is closed at once, as its like was before. */
const LINGERING_MAX = 1_000;
/** A connection is kept for further requests where so little of the refused one is still to come. */
const REST_KEPT_ALIVE_BYTES_MAX = 64 * 1024;

let lingeringCount = 0;

/** Whether a request has a body of which not all has come yet. */
function isStillSent({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Whether an answer is given before its request was read, on a connection that has to be closed then: because the client
 * wants it closed, because much is still to come, or because a client that was not told to send its body may or may not
 * send it. Closed at once, the connection would be reset while the client writes, and the answer lost.
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
 * Sends the last bytes of an answer, says that no more follows, and closes the connection only once the client has sent
 * its request to the end: for so many bytes and milliseconds what it sends is thrown away. The answer's headers must have
 * been given, `Connection: close` among them.
 */
export function endAndLinger(response: ServerResponse, body: string | Uint8Array): void {
  const { req: request } = response;
  const { socket } = request;
  const destroySoon = socket.destroySoon.bind(socket);
  // What Node calls when the last answer on a connection is out.
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
  answered.set(socket, onFurther); // what is wrong with the rest of the request gets no second answer
  socket.end();
  request.on('data', onFurther).once('end', linger.end);
  socket.once('close', linger.end);
}

/**
 * Makes `response.end` linger where it must, for a framework that calls it by itself. To be called before the request is
 * given to it.
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

/** Connections on which the last answer was given, and what ends them. */
const answered = new WeakMap<Duplex, () => void>();

/**
 * The same for a connection on which no request was understood, or which is no longer HTTP's: sends the text, says that no
 * more follows, and reads what else comes for a while. To be called for every further piece too, which Node reports as an
 * error of its own. `open` is the last answer that is still to come on this connection: it goes first, unless what broke is
 * the request that it belongs to.
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

/** Does at the end what is to be done, once: when asked, when it has taken too long, or at once where too many linger. */
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
