import { type RedisServer, startRedis, waitUntil } from '@postline/test-support';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HintSubscriber } from '../../src/index.ts';
import { createRedisMessageBus } from '../../src/redis/index.ts';
import { type RecordedEvents, recordEvents } from '../recorded-events.ts';

/** Longer than a busy test machine delays a hint. */
const PROBE_INTERVAL_MS = 1_000;
const PROBE_DEADLINE_MS = 500;
/** Of that machine. */
const DELAY_MS = 300;

let redis: RedisServer;
let admin: Redis;
let subscriber: HintSubscriber;
let events: RecordedEvents;

beforeEach(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
  admin.on('error', () => undefined);
  events = recordEvents();
  const times = { probeIntervalMs: PROBE_INTERVAL_MS, probeDeadlineMs: PROBE_DEADLINE_MS };
  // The witnesses' messages are arrivals too, and here there are none between the first and the end of the test.
  const bus = createRedisMessageBus({
    redisUrl: redis.url,
    prefix: 'test:',
    ...times,
    proofIntervalMs: 60_000,
  });
  subscriber = bus.createSubscriber(events);
  await waitUntil('up', () => subscriber.state === 'up');
  await subscriber.subscribe('a');
});
afterEach(async () => {
  redis.thaw();
  await subscriber.close();
  admin.disconnect();
  await redis.stop();
});

async function pings(): Promise<number> {
  const stats = await admin.info('commandstats');
  return Number(/cmdstat_ping:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

/** Publishes a hint every 20 ms. */
async function publishFor(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  for (let sent = events.hints.length + 1; performance.now() < end; sent += 1) {
    await admin.publish('test:updates:a', 'x');
    await waitUntil('the hint arrived', () => events.hints.length === sent);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('[BUS-3] nothing is asked while hints arrive; a probe follows one interval after the last of them', async () => {
  await admin.config('RESETSTAT');
  await publishFor(3 * PROBE_INTERVAL_MS);
  const quietSinceMs = performance.now();
  expect(await pings()).toBe(0);
  await waitUntil('a probe', async () => (await pings()) === 1);
  expect(performance.now() - quietSinceMs).toBeLessThan(PROBE_INTERVAL_MS + DELAY_MS);
  await waitUntil('the next probe', async () => (await pings()) === 2);
  expect(performance.now() - quietSinceMs).toBeGreaterThan(2 * PROBE_INTERVAL_MS - DELAY_MS);
  expect(events.states).toEqual(['up']);
});

it('[BUS-3] a Redis that freezes under load is noticed within an interval and a deadline', async () => {
  await publishFor(3 * PROBE_INTERVAL_MS);
  redis.freeze();
  const frozenMs = performance.now();
  await waitUntil('down', () => subscriber.state === 'down');
  expect(performance.now() - frozenMs).toBeLessThan(PROBE_INTERVAL_MS + PROBE_DEADLINE_MS + DELAY_MS);
  redis.thaw();
  await waitUntil('up again', () => subscriber.state === 'up');
});
