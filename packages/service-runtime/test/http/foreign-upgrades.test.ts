import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ignoreForeignUpgrades, listen } from '../../src/index.ts';

const SLOW_MS = 50;

/** Between two pieces of a stream, so that they arrive apart; what is shown does not depend on it. */
const PIECE_PAUSE_MS = 10;

let server: Server;
let port: number;
let connectionCount = 0;

/** Whether Node lets a server ignore offers: then a request with an offer and a body is the last of its connection. */
const BODY_ENDS_CONNECTION = 'shouldUpgradeCallback' in createServer();

/** Repeats what it was asked; `/slow` takes its time. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  if (request.url === '/slow') await sleep(SLOW_MS);
  const { upgrade, connection = '', host, 'x-name': name } = request.headers;
  response.setHeader('Date', ''); // the same in every answer
  response.end(
    JSON.stringify({ method: request.method, url: request.url, body, upgrade, connection, host, name }),
  );
}

beforeAll(async () => {
  const open = new Map<Duplex, ServerResponse>();
  server = createServer((request, response) => {
    open.set(request.socket, response);
    response.on('close', () => {
      if (open.get(request.socket) === response) open.delete(request.socket);
    });
    void answer(request, response);
  });
  ignoreForeignUpgrades(server, {
    findOpenResponse: (socket) => open.get(socket),
    isForeign: ({ headers }) => headers.upgrade !== 'ours',
  });
  server.on('upgrade', ({ headers }: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (headers.upgrade === 'ours') socket.end(`switched before ${head.toString()}`);
  });
  server.on('connection', () => {
    connectionCount += 1;
  });
  port = await listen(server, { host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

/** Sends the pieces one by one; all that comes back until the server closes. */
async function exchange(pieces: readonly string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const received = text(socket);
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
    await sleep(PIECE_PAUSE_MS);
  }
  return await received;
}

interface Offer {
  /** Beside the others in `Connection`. */
  readonly option: string;
  readonly headers: string;
}

const NONE: Offer = { option: '', headers: '' };
const OFFERS: readonly (readonly [string, Offer])[] = [
  ['h2c', { option: 'Upgrade, HTTP2-Settings', headers: 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n' }],
  ['TLS/1.0', { option: 'upgrade', headers: 'UPGRADE: TLS/1.0, HTTP/1.1\r\n' }],
  ['a made-up one, twice', { option: 'x-y, Upgrade', headers: 'Upgrade: a\r\nX-Y: 1\r\nUpgrade: b/2\r\n' }],
];

interface Asked {
  readonly start?: string;
  readonly isLast?: boolean;
  readonly headers?: string;
  readonly body?: string;
}

function request({ option, headers }: Offer, asked: Asked): string {
  const { start = 'GET /a', isLast = false, body = '' } = asked;
  const connection = [isLast ? 'close' : '', option].filter((text) => text !== '').join(', ');
  const line = connection === '' ? '' : `Connection: ${connection}\r\n`;
  return `${start} HTTP/1.1\r\nHost: test\r\n${line}${headers}${asked.headers ?? ''}\r\n${body}`;
}

const SIZED = { start: 'POST /b', headers: 'Content-Length: 5\r\n', body: 'hello' };
const CHUNKED = {
  start: 'POST /b',
  headers: 'Transfer-Encoding: chunked\r\n',
  body: '5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n',
};

/** Streams of requests, each in the pieces in which it arrives. */
const STREAMS_WITHOUT_BODY: readonly (readonly [string, (offer: Offer) => readonly string[]])[] = [
  ['alone', (offer) => [request(offer, { isLast: true })]],
  ['kept alive', (offer) => [request(offer, {}), request(NONE, {}), request(offer, { isLast: true })]],
  ['pipelined', (offer) => [request(offer, {}) + request(offer, {}) + request(NONE, { isLast: true })]],
  [
    'behind a slow one',
    (offer) => [request(NONE, { start: 'GET /slow' }) + request(offer, { isLast: true })],
  ],
  [
    'slow, and pipelined',
    (offer) => [
      request(offer, { start: 'GET /slow' }),
      request(offer, { start: 'GET /slow' }) + request(offer, { isLast: true }),
    ],
  ],
  ['with letters of Latin-1', (offer) => [request(offer, { headers: 'X-Name: \u00e9\r\n', isLast: true })]],
];

const STREAMS_WITH_BODY: typeof STREAMS_WITHOUT_BODY = [
  ['with a body', (offer) => [request(offer, SIZED) + request(offer, { ...SIZED, isLast: true })]],
  ['with chunks', (offer) => [request(offer, CHUNKED) + request(offer, { ...CHUNKED, isLast: true })]],
  [
    'byte by byte at the seam',
    (offer) => {
      const both = request(offer, SIZED) + request(offer, { isLast: true });
      const seam = request(offer, SIZED).length;
      return [
        both.slice(0, seam - 3),
        ...both.slice(seam - 3, seam + 3).split(/(?=[^])/),
        both.slice(seam + 3),
      ];
    },
  ],
];

const UNCHANGED_STREAMS = BODY_ENDS_CONNECTION
  ? STREAMS_WITHOUT_BODY
  : [...STREAMS_WITHOUT_BODY, ...STREAMS_WITH_BODY];
const ENDING_STREAMS = BODY_ENDS_CONNECTION ? STREAMS_WITH_BODY : [];

/** The body of the request that each answer repeats. */
function bodiesIn(answers: string): string[] {
  return Array.from(answers.matchAll(/"body":"([^"]*)"/g), ([, body]) => body ?? '');
}

describe.each(OFFERS)('[HOS-5] an offer of %s', (_name, offer) => {
  const exchangeBoth = async (pieces: (offer: Offer) => readonly string[]) => {
    const before = connectionCount;
    const withOffer = await exchange(pieces(offer));
    expect(connectionCount - before).toBe(1);
    const without = await exchange(
      pieces({ option: offer.option.includes('x-y') ? 'x-y' : '', headers: '' }),
    );
    expect(without).toContain('HTTP/1.1 200');
    return { withOffer, without };
  };

  it.each(UNCHANGED_STREAMS)('changes no answer: %s', async (_stream, pieces) => {
    const { withOffer, without } = await exchangeBoth(pieces);
    expect(withOffer).toBe(without);
  });

  it.each(ENDING_STREAMS)('is answered, and the answer ends the connection: %s', async (_stream, pieces) => {
    const { withOffer, without } = await exchangeBoth(pieces);
    expect(withOffer).toContain('Connection: close');
    expect(bodiesIn(withOffer)).toEqual(bodiesIn(without).slice(0, 1));
  });
});

it('[HOS-5] the protocol that is spoken is taken, also after an offer of another one', async () => {
  const ours = request({ option: 'Upgrade', headers: 'Upgrade: ours\r\n' }, {});
  const [, h2c] = OFFERS[0] ?? ['', NONE];
  const answer = await exchange([request(h2c, {}), ours + 'its first bytes']);
  expect(answer).toContain('"url":"/a"');
  expect(answer).toMatch(/switched before its first bytes$/);
});

it('[HOS-5] a client that leaves while its turn has not come is forgotten', async () => {
  const [, h2c] = OFFERS[0] ?? ['', NONE];
  const socket = connect({ host: '127.0.0.1', port });
  socket.write(request(NONE, { start: 'GET /slow' }) + request(h2c, {}));
  await once(socket, 'connect');
  await sleep(PIECE_PAUSE_MS);
  socket.destroy();
  expect(await exchange([request(NONE, { isLast: true })])).toContain('200 OK');
});
