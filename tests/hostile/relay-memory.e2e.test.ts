/**
 * Everything that makes the relay hold memory, all at once in a small process, while an ordinary client must be served.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { freshMetrics, publish, rawFrame, RelayClient, upgradeRequest } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type System } from '../e2e/system.ts';

const NODE_OPTIONS = '--max-old-space-size=128';
/** A heap of 176 MiB, the other memory of a Node process, and data that waits in sockets outside of the heap. */
const PEAK_MIB_MAX = 340;
/** Six times as long in JSON: 240 KB each. */
const CONTROL_CHARACTERS = '\u0001'.repeat(40_000);
const PAGE_TARGET = 'pages';
const NEVER_READ = 300;
const HALF_FRAMES = 150;
const HOLDERS = 300;
/** The relay must read this many pages for clients that never read. Several clients may share a page. */
const PAGES_READ_MIN = 100;
const RECONNECT_MS = 50;
const ORDINARY_MESSAGES = 40;
const TEST_MS = 90_000;

let system: System;
const sockets: Socket[] = [];

beforeAll(async () => {
  system = await startSystem({ NODE_OPTIONS });
  const messages = Array.from({ length: 8 }, () => ({ message: CONTROL_CHARACTERS, targetId: PAGE_TARGET }));
  for (let batch = 0; batch < 5; batch += 1) {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ messages });
    const answer = await fetch(`${system.api.url}/messages/batch`, { method: 'POST', headers, body });
    expect(answer.status).toBe(201);
  }
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await system.stop();
});

it(
  '[HOS-8] unread pages, a reader that reconnects, half frames and plain requests at the same time end no relay, and a client is served',
  async () => {
    const reader = await RelayClient.identified(system.relay.url, { clientId: 'served' });
    const log = await fetch(`${system.api.url}/targets/${PAGE_TARGET}/messages?limit=1`);
    const { epoch } = (await log.json()) as { epoch: string };
    const resume = { epoch, offsets: { [PAGE_TARGET]: 0 } };
    const fromStart = JSON.stringify({ type: 'identify', clientId: PAGE_TARGET, resume });
    const asks = Buffer.concat([Buffer.from(upgradeRequest()), rawFrame({ opcode: 1, payload: fromStart })]);
    const halfFrame = rawFrame({ opcode: 1, payload: 'x'.repeat(60_000) }).subarray(0, 50_000);
    const half = Buffer.concat([Buffer.from(upgradeRequest()), halfFrame]);
    const plain = Buffer.from('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(3));

    const before = peakMebibytes();
    for (let count = 0; count < NEVER_READ; count += 1) open(asks);
    for (let count = 0; count < HALF_FRAMES; count += 1) open(half);
    for (let count = 0; count < HOLDERS; count += 1) open(plain);
    let last = open(asks);
    const reconnecting = setInterval(() => {
      last.destroy();
      last = open(asks);
    }, RECONNECT_MS);

    const texts: string[] = [];
    while (texts.length < ORDINARY_MESSAGES || (await pagesRead()) < PAGES_READ_MIN) {
      const message = `message ${texts.length}`;
      expect((await publish(system.api.url, { message, targetId: 'served' })).status).toBe(201);
      texts.push(message);
      await reader.messagesOnceThereAre(texts.length);
    }
    clearInterval(reconnecting);

    const arrived = await reader.messagesOnceThereAre(texts.length);
    expect(arrived.map(({ data }) => data)).toEqual(texts);
    expect(system.relay.process.hasEnded()).toBe(false);
    const peak = peakMebibytes();
    console.log(`the relay: peak ${before.toFixed(0)} MiB before, ${peak.toFixed(0)} MiB under all at once`);
    expect(peak).toBeGreaterThan(before);
    expect(peak).toBeLessThan(PEAK_MIB_MAX);

    // New clients must find room again.
    for (const socket of sockets) socket.destroy();
    const page = await RelayClient.identified(system.relay.url, { clientId: PAGE_TARGET, resume });
    expect(await page.messagesOnceThereAre(40)).toHaveLength(40);
    await Promise.all([page.close(), reader.close()]);
  },
  TEST_MS,
);

/** Sends these bytes and never reads the answer. */
function open(bytes: Buffer): Socket {
  const socket = connect({ host: '127.0.0.1', port: system.relay.port });
  socket.on('error', () => undefined).pause();
  socket.write(bytes);
  sockets.push(socket);
  return socket;
}

async function pagesRead(): Promise<number> {
  return Number(/^postline_log_pages_read_total{.*} (\d+)$/m.exec(await freshMetrics(system.relay.url))?.[1]);
}

/** The highest memory use of the relay so far, as the operating system reports it. */
function peakMebibytes(): number {
  const status = readFileSync(`/proc/${system.relay.process.pid}/status`, 'latin1');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
