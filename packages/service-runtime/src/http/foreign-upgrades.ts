import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { earlierAnswersSent } from './earlier-answers.ts';

export interface ForeignUpgradesOptions {
  /** The newest response of a connection that is not sent yet: later answers must wait for it. */
  readonly findOpenResponse: (socket: Duplex) => ServerResponse | undefined;
  /** Left out where the server speaks only HTTP. */
  readonly isForeign?: (request: IncomingMessage) => boolean;
}

/** A server of a Node that lets it decide whether an offer becomes an `upgrade` event: 22 and later. */
interface DecidingServer extends Server {
  shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
}

/**
 * Answers requests that offer an unsupported protocol (`Upgrade: h2c`) as if they made no such offer (RFC 9110, 7.8).
 * Call it before other listeners are added to the server.
 *
 * If Node ignores the offer itself, it drops requests that were pipelined behind this one. So the request is put back
 * into its connection without the offer, and parsed again. That is not possible with a body, which Node 26 has already
 * taken from the connection: if Node can ignore offers, a request with a body is the last of its connection.
 */
export function ignoreForeignUpgrades(
  server: DecidingServer,
  { findOpenResponse, isForeign = () => true }: ForeignUpgradesOptions,
): void {
  // Only Node's own listener: those added later count connections, and this is not a new one.
  const [accept] = server.listeners('connection');
  const readAgain = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const open = findOpenResponse(socket);
    if (open !== undefined && !(await earlierAnswersSent(open))) return;
    if (socket.destroyed) return;
    request.socket.setTimeout(0); // the timeout that was set while waiting for this request
    socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]));
    accept?.call(server, socket);
  };
  if (server.shouldUpgradeCallback !== undefined) {
    server.shouldUpgradeCallback = (request) => !hasBody(request);
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
    });
  }
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isForeign(request)) void readAgain(request, socket, head);
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
}

const OFFER_HEADERS: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/** The head of the request; Node decoded it as Latin-1. */
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
