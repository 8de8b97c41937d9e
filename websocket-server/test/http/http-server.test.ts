import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { RelayClient, rawFrame, upgradeRequest, waitUntil, writeThenRead } from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import type { RelaySettings } from '../../src/configuration.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

let relay: TestRelay;
const sockets: Socket[] = [];

async function start(settings: Partial<RelaySettings>): Promise<void> {
  relay = await startTestRelay(settings);
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await relay.close();
});

async function open(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: relay.port });
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

it.each([
  ['nothing', ''],
  ['half a line', 'GET / HT'],
  ['half an upgrade', 'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nX-Slow: '],
])('[LIM-6] who sends %s is given up soon, and others are served meanwhile', async (_what, text) => {
  await start({ headersTimeoutMs: 500 });
  const slow = await Promise.all(Array.from({ length: 100 }, open));
  for (const socket of slow) socket.write(text);
  const ended = Promise.all(slow.map((socket) => once(socket.resume(), 'close')));
  await RelayClient.identified(relay.url, { clientId: 1 });
  await ended;
});

it('[LIM-6] one byte now and then does not help', async () => {
  await start({ headersTimeoutMs: 500 });
  const socket = await open();
  socket.write('GET / HTTP/1.1\r\nX-Slow: ');
  const drip = setInterval(() => socket.write('x'), 50);
  await once(socket.resume(), 'close');
  clearInterval(drip);
});

it('[LIM-6] headers may have so many bytes; more is 431', async () => {
  await start({ headersBytesMax: 2_048 });
  const fits = await RelayClient.connect(relay.url, { 'x-pad': 'x'.repeat(1_024) });
  await fits.close();
  await expect(RelayClient.connect(relay.url, { 'x-pad': 'x'.repeat(4_096) })).rejects.toThrow('431');
});

it('[LIM-1] connections that say nothing are bounded too', async () => {
  await start({ connectionsMax: 2, connectionsAwaitingIdentifyMax: 3 });
  const kept = [await open(), await open(), await open(), await open(), await open()];
  const further = await open();
  await once(further.resume(), 'close');
  for (const socket of kept) expect(socket.destroyed).toBe(false);
});

it.each([
  ['h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'],
  ['something else', 'Connection: upgrade\r\nUpgrade: TLS/1.0\r\n'],
])('[HOS-5] an offer of %s changes no answer, on any route', async (_name, offer) => {
  await start({});
  const socket = await open();
  const received = text(socket);
  const paths = ['/healthz', '/readyz', '/metrics', '/client.js', '/nowhere'];
  for (const path of paths) socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${offer}\r\n`);
  socket.write(`POST /healthz HTTP/1.1\r\nHost: localhost\r\n${offer}Content-Length: 2\r\n\r\n{}`);
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const behindBody = 'shouldUpgradeCallback' in createServer() ? [] : ['200']; // there the body ends the connection
  expect(statuses(await received)).toEqual(['200', '200', '200', '200', '404', '404', ...behindBody]);
});

it('[HOS-5] WebSocket is taken where it is one of several offers', async () => {
  await start({});
  const socket = await open();
  socket.write(upgradeRequest().replace('Upgrade: websocket', 'Upgrade: h2c, WebSocket'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain('HTTP/1.1 101');
});

/** All that comes back until the relay ends the connection. */
async function answersTo(sent: string | Buffer): Promise<string> {
  const socket = await open();
  const received = text(socket);
  socket.write(sent);
  return await received;
}

/** The status of each answer in what came back, in order. */
function statuses(received: string): string[] {
  return Array.from(received.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status ?? '');
}

const plainRequest = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;

describe('answers keep their order on a connection', () => {
  /** The relay closes, and the answer to that is there already. */
  const BAD_FRAME = Buffer.concat([
    rawFrame({ opcode: 1, payload: 'no JSON' }),
    rawFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe8]) }),
  ]);

  it.each(['/metrics', '/readyz', '/healthz', '/nowhere', '/client.js'])(
    '[HOS-7] a GET of %s is answered before the upgrade behind it, and no frame behind that is lost',
    async (path) => {
      await start({});
      const received = await answersTo(
        Buffer.concat([Buffer.from(plainRequest(path) + plainRequest(path) + upgradeRequest()), BAD_FRAME]),
      );
      const status = path === '/nowhere' ? '404' : '200';
      expect(statuses(received)).toEqual([status, status, '101']);
      expect(received.indexOf('bad_frame')).toBeGreaterThan(received.indexOf(' 101 '));
    },
  );

  it('[HOS-7] frames that come while the upgrade waits are read after it', async () => {
    await start({});
    const socket = await open();
    const received = text(socket);
    socket.write(plainRequest('/metrics') + upgradeRequest());
    socket.write(rawFrame({ opcode: 1, payload: '{"type":"ping"}' }));
    socket.write(BAD_FRAME);
    const answers = await received;
    expect(statuses(answers)).toEqual(['200', '101']);
    expect(answers.indexOf('"pong"')).toBeGreaterThan(answers.indexOf(' 101 '));
  });

  it('[HOS-7] an upgrade that is refused is refused in its turn, and nothing behind it is answered', async () => {
    await start({ connectionsMax: 1 });
    await RelayClient.identified(relay.url, { clientId: 1 });
    const received = await answersTo(
      plainRequest('/metrics') + plainRequest('/readyz') + upgradeRequest() + plainRequest('/healthz'),
    );
    expect(statuses(received)).toEqual(['200', '200', '503']);
  });

  it('[HOS-7] nor is an upgrade taken behind the last answer of a connection', async () => {
    await start({});
    const received = await answersTo(plainRequest('/metrics', 'Connection: close\r\n') + upgradeRequest());
    expect(statuses(received)).toEqual(['200']);
  });

  it('[HOS-7] what is no request is refused in its turn', async () => {
    await start({});
    expect(statuses(await answersTo(`${plainRequest('/metrics')}no request\r\n\r\n`))).toEqual([
      '200',
      '400',
    ]);
  });

  it('[HOS-7] a connection that goes while its upgrade waits leaves nothing', async () => {
    await start({});
    const gone = await Promise.all(Array.from({ length: 20 }, open));
    for (const socket of gone) {
      socket.write(plainRequest('/metrics') + upgradeRequest());
      socket.resetAndDestroy();
    }
    await waitUntil('all are gone', async () => (await relay.metric('postline_connections')) === 0);
    await RelayClient.identified(relay.url, { clientId: 1 });
  });
});

describe('[PUB-14] a client that writes everything before it reads gets the answer', () => {
  /** More than the system's buffers of both sides take together. */
  const BODY = Buffer.alloc(12 * 1024 * 1024, 'a');
  const PIECE = BODY.subarray(0, 64 * 1024);
  const IN_CHUNKS = Buffer.concat([
    ...Array.from({ length: BODY.length / PIECE.length }, () => [
      Buffer.from(`${PIECE.length.toString(16)}\r\n`),
      PIECE,
      Buffer.from('\r\n'),
    ]).flat(),
    Buffer.from('0\r\n\r\n'),
  ]);
  const LENGTH = `Content-Length: ${BODY.length}\r\n`;
  const UPGRADE = upgradeRequest().split('\r\n').slice(2, -2).join('\r\n');

  it.each([
    ['404 for an upload', 'POST /upload', LENGTH, BODY],
    ['404 for an upload in chunks', 'POST /upload', 'Transfer-Encoding: chunked\r\n', IN_CHUNKS],
    ['404 for a method that no route has', 'PUT /metrics', LENGTH, BODY],
    ['403 for a foreign host', 'POST /', `Host: evil.example\r\n${LENGTH}`, BODY],
    ['431', 'POST /', `X: ${'x'.repeat(20_000)}\r\n${LENGTH}`, BODY],
    ['400 for what is no request', 'PUBLISH /', LENGTH, BODY],
    ['400 for a bad address', 'POST http://[', LENGTH, BODY],
    ['200 for a route that reads no body', 'GET /healthz', LENGTH, BODY],
    ['403 for a refused upgrade', 'GET /', `Host: evil.example\r\n${UPGRADE}\r\n`, BODY],
    ['405 for an upgrade by POST', 'POST /', `${UPGRADE}\r\n`, BODY],
    ['400 for an upgrade without a key', 'GET /', UPGRADE.replace(/Sec-WebSocket-Key.*/, 'X: y\r\n'), BODY],
  ])('%s', async (title, line, headers, body) => {
    await start({});
    for (const connection of line.includes('http:') || headers.includes('Upgrade')
      ? ['']
      : ['', 'Connection: close\r\n']) {
      const host = headers.includes('Host') ? '' : 'Host: localhost\r\n';
      const answer = await writeThenRead(
        relay.port,
        `${line} HTTP/1.1\r\n${host}${connection}${headers}\r\n`,
        body,
      );
      expect(statuses(answer)).toEqual([title.slice(0, 3)]);
      expect(answer).toMatch(/connection: close/i);
    }
  });

  it('429 for a connection beyond the limit of its address', async () => {
    await start({ connectionsPerAddressMax: 1, connectionsAwaitingIdentifyPerAddressMax: 5 });
    const kept = await open();
    const answer = await writeThenRead(
      relay.port,
      `POST / HTTP/1.1\r\nHost: localhost\r\n${LENGTH}\r\n`,
      BODY,
    );
    expect(statuses(answer)).toEqual(['429']);
    expect(kept.destroyed).toBe(false);
  });
});
