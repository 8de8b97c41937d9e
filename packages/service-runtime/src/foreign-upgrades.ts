import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Resolves when this response has been sent, or its connection is gone. */
export async function whenSent(response: ServerResponse): Promise<void> {
  const { socket } = response.req;
  if (response.closed || socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('close', done);
      socket.off('close', done).off('error', done);
      resolve();
    };
    response.on('close', done);
    socket.on('close', done).on('error', done);
  });
}

export interface ForeignUpgradesOptions {
  /** The newest response of a connection that is not sent yet: what comes behind it has to wait. */
  readonly findOpenResponse: (socket: Duplex) => ServerResponse | undefined;
  /** Left out where no protocol is spoken but HTTP. */
  readonly isForeign?: (request: IncomingMessage) => boolean;
}

/**
 * Answers requests that offer a protocol which isn't spoken here (`Upgrade: h2c`) as if they had no such offer (RFC 9110,
 * 7.8). To be called before other listeners are added to the server.
 *
 * Where Node is left to ignore the offer, it drops what was pipelined behind such a request. So the request is put back
 * into its connection without the offer, and read again.
 */
export function ignoreForeignUpgrades(
  server: Server,
  { findOpenResponse, isForeign = () => true }: ForeignUpgradesOptions,
): void {
  // Node's own listener alone: others that are added later count connections, and this is no further one.
  const [accept] = server.listeners('connection');
  const readAgain = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    ignoreErrors(socket);
    const open = findOpenResponse(socket);
    if (open !== undefined) await whenSent(open);
    if (socket.destroyed || !socket.writable) {
      socket.resume(); // the last answer was given, and what follows is thrown away
      return;
    }
    request.socket.setTimeout(0); // that of the wait for this request
    socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]));
    accept?.call(server, socket);
  };
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isForeign(request)) void readAgain(request, socket, head);
  });
}

/** Until the request is read again nobody else listens; the socket is destroyed in any case. */
function ignoreErrors(socket: Duplex): void {
  if (!socket.listeners('error').includes(ignoreError)) socket.on('error', ignoreError);
}

function ignoreError(): void {
  return undefined;
}

const OFFER_HEADERS: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/** The request's first lines; Node has read them as Latin-1. */
function headWithoutUpgrade({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (OFFER_HEADERS.has(name.toLowerCase())) continue;
    const rest = name.toLowerCase() === 'connection' ? connectionWithoutUpgrade(value) : value;
    if (rest !== '' || value === '') text += `${name}: ${rest}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}

function connectionWithoutUpgrade(value: string): string {
  const options = value.split(',').map((option) => option.trim());
  return options.filter((option) => !OFFER_HEADERS.has(option.toLowerCase())).join(', ');
}
