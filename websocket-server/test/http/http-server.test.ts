import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { RelayClient, upgradeRequest } from '@postline/test-support';
import { afterEach, expect, it } from 'vitest';
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
  const statuses = [...(await received).matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);
  expect(statuses).toEqual(['200', '200', '200', '200', '404', '404', '200']);
});

it('[HOS-5] WebSocket is taken where it is one of several offers', async () => {
  await start({});
  const socket = await open();
  socket.write(upgradeRequest().replace('Upgrade: websocket', 'Upgrade: h2c, WebSocket'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain('HTTP/1.1 101');
});
