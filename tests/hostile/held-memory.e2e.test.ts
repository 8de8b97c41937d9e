/**
 * Everything that makes the API hold memory, all at once in a small process, while an ordinary publisher must be
 * served.
 */
import { readFileSync } from 'node:fs';
import { type ServiceProcess, startApi, type TestDatabase, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshServers } from '../e2e/system.ts';
import {
  halfBody,
  type HungryClient,
  manyBatches,
  manyGets,
  openHungryClient,
  tinyChunks,
} from './hungry-clients.ts';

/** V8 makes this a heap of 176 MiB, of which 48 MiB may be held for clients. */
const NODE_OPTIONS = '--max-old-space-size=128';
/** The heap, the other memory of a Node process, and buffers outside of the heap. */
const PEAK_MIB_MAX = 340;
const CONTROL_CHARACTERS = '\u0001'.repeat(65_000);
const PAGE_TARGET = 'pages';
const TEST_MS = 90_000;
/**
 * A refused request must succeed within this time: the largest holdings give way at once, but the database needs some
 * seconds for all.
 */
const SERVED_MS_MAX = 20_000;

let database: TestDatabase;
let api: ServiceProcess;
const hungry: HungryClient[] = [];

beforeAll(async () => {
  const fresh = await freshServers();
  database = fresh.database;
  api = await startApi(fresh.servers, { NODE_OPTIONS, TRUSTED_PROXIES: '127.0.0.1' });
  const page = {
    messages: Array.from({ length: 8 }, () => ({ message: CONTROL_CHARACTERS, targetId: PAGE_TARGET })),
  };
  for (let batch = 0; batch < 2; batch += 1) expect((await post('/messages/batch', page)).status).toBe(201);
});

afterAll(async () => {
  for (const { socket } of hungry) socket.destroy();
  await api.stop();
  await database.drop();
});

it(
  '[HOS-6] tiny chunks, unread pages, large batches, half bodies and unread answers at the same time end no process, and other clients are served',
  async () => {
    const before = peakMebibytes();
    const large = open(12, manyBatches(batchOf(100, 65_000), 1), true);
    const senders = [
      ...open(3, tinyChunks(200_000)),
      ...open(10, manyGets(`/targets/${PAGE_TARGET}/messages?limit=1000`, 30)),
      ...open(300, halfBody(40_000, 7_000_000)),
      ...open(15, manyGets('/openapi.json', 2_000)),
      ...open(10, manyBatches(batchOf(300, 1), 20)),
    ];
    const areLargeAnswered = () =>
      large.every(({ received, socket }) => received().includes('\r\n\r\n') || socket.destroyed);

    let isOver = false;
    const untilOver = async () => {
      await Promise.all([...large, ...senders].map(({ sent }) => sent));
      await waitUntil('the large batches are answered', areLargeAnswered, TEST_MS);
      isOver = true;
    };
    const [texts] = await Promise.all([serveOrdinary(() => isOver), untilOver()]);

    expect(api.process.hasEnded()).toBe(false);
    const peak = peakMebibytes();
    console.log(
      `held memory: peak ${before.toFixed(0)} MiB before, ${peak.toFixed(0)} MiB under all at once`,
    );
    expect(peak).toBeLessThan(PEAK_MIB_MAX);
    const statuses = large.map(({ received }) => received().slice(9, 12)).filter((status) => status !== '');
    expect(statuses.every((status) => ['201', '503'].includes(status))).toBe(true);
    expect(statuses).toContain('201');
    expect(texts.length).toBeGreaterThan(0);

    // The memory is released.
    for (const { socket } of hungry) socket.destroy();
    const again = () => postText('/messages/batch', batchOf(100, 65_000));
    await waitUntil('a large batch finds room', async () => (await again()).status === 201, SERVED_MS_MAX);
  },
  TEST_MS,
);

function open(count: number, bytes: Buffer, reads = false): HungryClient[] {
  const clients = Array.from({ length: count }, () => openHungryClient({ port: api.port, bytes, reads }));
  hungry.push(...clients);
  return clients;
}

function batchOf(count: number, characters: number): string {
  const message = { message: 'x'.repeat(characters), targetId: 'batches' };
  return JSON.stringify({ messages: Array.from({ length: count }, () => message) });
}

/**
 * Publishes one message after another and reads the log after each. Both must be answered, at once or after an honest
 * 503.
 */
async function serveOrdinary(isOver: () => boolean): Promise<string[]> {
  const texts: string[] = [];
  do {
    const message = `message-${texts.length}`;
    await untilServed(() => postText('/', JSON.stringify({ message, targetId: 'served' }), message));
    texts.push(message);
    const page = await untilServed(() =>
      fetch(`${api.url}/targets/served/messages?limit=1000`, { headers: ORDINARY }),
    );
    const { messages } = JSON.parse(page) as { messages: { data: string }[] };
    expect(messages.map(({ data }) => data)).toEqual(texts);
  } while (!isOver());
  return texts;
}

/** An address that none of the hungry clients has. */
const ORDINARY = { 'X-Forwarded-For': '192.0.2.7' };

/** Repeats the request after an honest 503, until it is served. Fails on any other answer, or none. */
async function untilServed(ask: () => Promise<Response>): Promise<string> {
  const end = performance.now() + SERVED_MS_MAX;
  for (;;) {
    const response = await ask();
    const body = await response.text();
    if (response.ok) return body;
    expect(response.status, body).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(performance.now()).toBeLessThan(end);
  }
}

function post(path: string, body: unknown): Promise<Response> {
  return postText(path, JSON.stringify(body));
}

function postText(path: string, body: string, key?: string): Promise<Response> {
  const headers = { ...ORDINARY, 'Content-Type': 'application/json' };
  const keyed = key === undefined ? headers : { ...headers, 'Idempotency-Key': key };
  return fetch(api.url + path, { method: 'POST', headers: keyed, body });
}

/** The highest memory use of the process so far, as the operating system reports it. */
function peakMebibytes(): number {
  const status = readFileSync(`/proc/${api.process.pid}/status`, 'latin1');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
