import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/start-test-api.ts';

const MIB = 1024 * 1024;

let api: TestApi;
let sockets: Socket[] = [];
beforeEach(async () => {
  api = await startTestApi({
    env: { READER_ANSWERS_BYTES_MAX: String(2 * MIB), READER_ANSWER_DEADLINE_MS: '3000' },
  });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await api.close();
});

/** Sends all at once, and reads nothing. */
async function ask(bytes: string): Promise<Socket> {
  const socket = connect(api.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

/** Where nothing is read, the end is seen by its effect on what is written. */
function isClosed(socket: Socket): boolean {
  if (!socket.destroyed) socket.write('\r\n');
  return socket.destroyed;
}

function batch(messageCount: number): string {
  const messages = Array.from({ length: messageCount }, () => ({ message: 'm', targetId: 'a' }));
  const body = JSON.stringify({ messages });
  const head = `POST /messages/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/json`;
  return `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

it.each([
  ['/openapi.json', 'GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['/metrics', 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['/docs', 'GET /docs HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['batches', batch(300)],
])(
  '[MEM-7] answers of %s that a client asks for and does not take cost it its connection',
  async (_what, question) => {
    const socket = await ask(question.repeat(400));
    await waitUntil('its connection is closed', () => isClosed(socket));
    expect((await fetch(`${api.url}/openapi.json`)).status).toBe(200);
  },
);

it('[MEM-7] of several clients with many pipelined requests, the one with most is closed and the others are answered', async () => {
  const small = connect(api.port, '127.0.0.1');
  sockets.push(small);
  let received = '';
  small.on('data', (data: Buffer) => (received += data.toString('latin1')));
  const large = await ask('GET /healthz HTTP/1.1\r\n\r\n'.repeat(2_000));
  small.write('GET /healthz HTTP/1.1\r\n\r\n'.repeat(100));
  await waitUntil('the one is answered', () => received.split('HTTP/1.1 200').length === 101);
  await waitUntil('the other is closed', () => isClosed(large));
  expect(small.destroyed).toBe(false);
});

it('[MEM-7] pipelined requests are all answered, in their order', async () => {
  const socket = connect(api.port, '127.0.0.1');
  sockets.push(socket);
  let received = '';
  socket.on('data', (data: Buffer) => (received += data.toString('latin1')));
  const paths = ['/healthz', '/nowhere', '/openapi.json', '/docs/icon.svg', '/readyz', '/targets/a/messages'];
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('') + batch(1));
  const statuses = () => received.match(/HTTP\/1\.1 \d{3} /g) ?? [];
  await waitUntil('all are answered', () => statuses().length === paths.length + 1);
  expect(statuses().map((line) => line.slice(9, 12))).toEqual([
    '200',
    '404',
    '200',
    '200',
    '200',
    '200',
    '201',
  ]);
});
