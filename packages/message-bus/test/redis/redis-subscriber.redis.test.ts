import { type RedisServer, startRedis, TcpProxy, waitUntil } from '@postline/test-support';
import { Redis, type RedisOptions } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BusUnavailableError, type HintSubscriber } from '../../src/index.ts';
import { createRedisMessageBus } from '../../src/redis/index.ts';
import { type RecordedEvents, recordEvents } from '../recorded-events.ts';

/** A probe each 500 ms that may take 500 ms; the rest is for a busy test machine. */
const NOTICED_WITHIN_MS = 1_300;
const UP_AGAIN_WITHIN_MS = 5_000;
/** Beyond the silence that is endured, and the first attempt to connect after it. */
const FREEZE_MS = 4_500;

describe('redis subscriber', () => {
  let redis: RedisServer;
  let admin: Redis;
  let subscriber: HintSubscriber;
  let events: RecordedEvents;

  beforeEach(async () => {
    redis = await startRedis();
    admin = connectAdmin(redis.url);
    subscriber = await start(redis.url);
  });
  afterEach(async () => {
    redis.thaw();
    await subscriber.close();
    admin.disconnect();
    await redis.stop();
  });

  async function start(redisUrl: string): Promise<HintSubscriber> {
    events = recordEvents();
    const bus = createRedisMessageBus({ redisUrl, prefix: 'test:' });
    const created = bus.createSubscriber(events);
    await waitUntil('the first up', () => created.state === 'up');
    return created;
  }

  const isState = (state: string, milliseconds?: number) =>
    waitUntil(`state ${state}`, () => subscriber.state === state, milliseconds);
  const hintArrives = (targetId: string) =>
    waitUntil(`a hint for ${targetId}`, async () => {
      await admin.publish(`test:updates:${targetId}`, 'x');
      return events.hints.includes(`${targetId} x`);
    });

  it('[BUS-3] a frozen Redis is noticed, and everything is confirmed again after the thaw', async () => {
    await Promise.all(['a', 'b'].map((targetId) => subscriber.subscribe(targetId)));
    const naive = await startNaiveSubscriber(redis.url);

    redis.freeze();
    await isState('down', NOTICED_WITHIN_MS);
    await expect(subscriber.checkReady()).rejects.toThrow(BusUnavailableError);
    const end = performance.now() + FREEZE_MS;
    await waitUntil('the freeze outlasted an attempt to connect', () => performance.now() > end);
    expect(naive.client.status).toBe('ready'); // the naive way notices nothing (trap 12)

    redis.thaw();
    await isState('up', UP_AGAIN_WITHIN_MS);
    await hintArrives('a');
    await hintArrives('b');
    expect(events.states).toEqual(['up', 'down', 'up']);
    expect(new Set(events.faults.map(({ reason }) => reason.kind))).toEqual(new Set(['timed-out']));
    naive.client.disconnect();
  });

  it('[BUS-3] a Redis that is frozen shortly is down and up again on the same connection', async () => {
    await subscriber.subscribe('a');
    const before = await connectionIds(admin, 'postline-subscriber');
    redis.freeze();
    await isState('down', NOTICED_WITHIN_MS);
    redis.thaw();
    await isState('up', UP_AGAIN_WITHIN_MS);
    expect(await connectionIds(admin, 'postline-subscriber')).toEqual(before);
    await hintArrives('a');
  });

  it('[BUS-3] a killed Redis is down at once, and up again with every subscription when it is back', async () => {
    const targets = Array.from({ length: 2_500 }, (_, index) => `client-${index}`);
    await Promise.all(targets.map((targetId) => subscriber.subscribe(targetId)));
    await redis.kill();
    await isState('down', 500);

    await redis.startAgain();
    await isState('up', UP_AGAIN_WITHIN_MS);
    admin.disconnect();
    admin = connectAdmin(redis.url);
    const channels = await admin.pubsub('CHANNELS', 'test:updates:client-*');
    expect(new Set(channels)).toEqual(new Set(targets.map((targetId) => `test:updates:${targetId}`)));
    await hintArrives('client-2499');
  });

  it('[BUS-3] says up only once every subscription is confirmed: nothing published after it is lost', async () => {
    const targets = Array.from({ length: 300 }, (_, index) => `client-${index}`);
    await Promise.all(targets.map((targetId) => subscriber.subscribe(targetId)));
    for (let round = 0; round < 3; round += 1) {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await waitUntil('down and up again', () => events.states.length === 3 + 2 * round);
      events.hints.length = 0;
      const counts = await Promise.all(
        targets.map((targetId) => admin.publish(`test:updates:${targetId}`, 'x')),
      );
      expect(counts.every((count) => count === 1)).toBe(true);
      await waitUntil('all came', () => events.hints.length === targets.length);
    }
  });

  it('[BUS-3] subscribe while down rejects at once, and is made with the recovery', async () => {
    await redis.kill();
    await isState('down');
    const begin = performance.now();
    await expect(subscriber.subscribe('late')).rejects.toThrow(BusUnavailableError);
    await expect(subscriber.subscribe('given up')).rejects.toThrow(BusUnavailableError);
    expect(performance.now() - begin).toBeLessThan(50);
    subscriber.unsubscribe('given up');

    await redis.startAgain();
    await isState('up', UP_AGAIN_WITHIN_MS);
    admin.disconnect();
    admin = connectAdmin(redis.url);
    expect(await admin.pubsub('NUMSUB', 'test:updates:late', 'test:updates:given up')).toEqual([
      'test:updates:late',
      1,
      'test:updates:given up',
      0,
    ]);
    await hintArrives('late');
  });

  it('[BUS-3] a subscribe that is waiting when Redis freezes rejects within its deadline', async () => {
    redis.freeze();
    const begin = performance.now();
    await expect(subscriber.subscribe('a')).rejects.toThrow(BusUnavailableError);
    expect(performance.now() - begin).toBeLessThan(NOTICED_WITHIN_MS);
    redis.thaw();
    await isState('up', UP_AGAIN_WITHIN_MS);
    await hintArrives('a');
  });

  it('[BUS-3] a subscribe that is waiting when Redis is killed rejects', async () => {
    redis.freeze();
    const waiting = expect(subscriber.subscribe('a')).rejects.toThrow(BusUnavailableError);
    await redis.kill();
    await waiting;
  });

  it('[BUS-3] calls of one tick share one command, and subscribe after unsubscribe ends subscribed', async () => {
    await subscriber.subscribe('warm');
    await admin.config('RESETSTAT');
    const targets = Array.from({ length: 900 }, (_, index) => `client-${index}`);
    await Promise.all(targets.map((targetId) => subscriber.subscribe(targetId)));
    expect(await admin.info('commandstats')).toMatch(/cmdstat_subscribe:calls=1,/);

    for (let turn = 0; turn < 50; turn += 1) {
      subscriber.unsubscribe('client-0');
      await Promise.resolve();
      if (turn % 3 === 0) await new Promise(setImmediate); // some turns let a round go out in between
      void subscriber.subscribe('client-0');
    }
    await subscriber.subscribe('client-0');
    expect(await admin.pubsub('NUMSUB', 'test:updates:client-0')).toEqual(['test:updates:client-0', 1]);
  });

  it('[BUS-3] a subscriber that Redis cuts off for its output buffer says down, then up (trap 13)', async () => {
    await subscriber.subscribe('a');
    const naive = await startNaiveSubscriber(redis.url);
    await admin.config('SET', 'client-output-buffer-limit', 'pubsub 1mb 1mb 1');
    // 200 messages of 100 kB that Redis publishes before it writes to anyone: far beyond the limit.
    const flood = `for i = 1, 200 do redis.call('PUBLISH', KEYS[1], string.rep('x', 100000)) end`;
    await admin.eval(flood, 1, 'test:updates:a');

    await waitUntil('down and up again', () => events.states.length === 3);
    expect(events.states).toEqual(['up', 'down', 'up']);
    await waitUntil('the naive subscriber is back', () => naive.client.status === 'ready');
    expect(naive.received()).toBeLessThan(200); // the naive way lost most of them, and said nothing
    expect(naive.errors()).toBe(0);
    naive.client.disconnect();
    await hintArrives('a');
  });

  it('[BUS-3] a link that is cut without a word is noticed, and replaced', async () => {
    const link = await TcpProxy.start(redis.port);
    await subscriber.close();
    subscriber = await start(link.urlThrough(redis.url));
    await subscriber.subscribe('a');

    link.silence();
    link.freeze('up', 'down'); // new connections carry nothing either
    await isState('down', NOTICED_WITHIN_MS);
    link.heal();
    await isState('up', UP_AGAIN_WITHIN_MS);
    await hintArrives('a');
    await subscriber.close();
    await link.close();
  });

  it('[BUS-3] [BUS-5] a subscriber left behind on another server than the publishers is noticed, and follows them', async () => {
    const successor = await startRedis();
    const link = await TcpProxy.start(redis.port);
    await subscriber.close();
    subscriber = await start(link.urlThrough(redis.url));
    await subscriber.subscribe('a');

    link.redirect(successor.port); // as a name that now means another server: old connections stay where they are
    await waitUntil('down and up again', () => events.states.length === 3);
    admin.disconnect();
    admin = connectAdmin(successor.url);
    await hintArrives('a');
    await subscriber.close();
    await link.close();
    await successor.stop();
  });

  it('[BUS-3] what is lost in a restart of Redis is lost before the up; a naive subscriber reports nothing (trap 10)', async () => {
    await subscriber.subscribe('a');
    const publisher = createRedisMessageBus({ redisUrl: redis.url, prefix: 'test:' }).createPublisher();
    await waitUntil('the publisher is ready', () => publisher.checkReady().then(() => true));
    // Which of the naive two is back first is chance; here it is the publisher.
    const naive = await startNaiveSubscriber(redis.url, 'naive', { retryStrategy: () => 1_000 });
    const naivePublisher = new Redis(redis.url, { retryStrategy: () => 20 });
    naivePublisher.on('error', () => undefined);
    const naiveOutcomes: Promise<unknown>[] = [];
    const taken: number[] = [];
    let next = 0;
    const publishOne = async () => {
      const number = (next += 1);
      naiveOutcomes.push(naivePublisher.publish('naive', String(number)).catch(() => -1));
      const hint = { targetId: 'a', frame: String(number) };
      await publisher.publish([hint]).then(
        () => taken.push(number),
        () => undefined,
      );
      await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const publishUntil = async (fact: () => boolean) => {
      while (!fact()) await publishOne();
    };

    await publishUntil(() => next === 50);
    await Promise.all([redis.kill(), publishUntil(() => subscriber.state === 'down')]);
    await Promise.all([redis.startAgain(), publishUntil(() => subscriber.state === 'up')]);
    await waitUntil('publishing works', () => publisher.checkReady().then(() => true));
    const firstAfterUp = next + 1;
    await publishUntil(() => next === firstAfterUp + 50);

    const received = () => new Set(events.hints.map((hint) => Number(hint.slice(2))));
    await waitUntil('the last one', () => received().has(taken.at(-1) ?? 0));
    const lost = taken.filter((number) => !received().has(number));
    expect(lost.filter((number) => number >= firstAfterUp)).toEqual([]);
    expect(taken.filter((number) => number >= firstAfterUp)).toHaveLength(51);
    // The naive pair: every publish succeeds in the end, a part of them reached nobody, and no error told of it.
    const outcomes = await Promise.all(naiveOutcomes);
    expect(outcomes.filter((receivers) => receivers === 0).length).toBeGreaterThan(0);
    naive.client.disconnect();
    naivePublisher.disconnect();
    await publisher.close();
  });

  it('[BUS-1] what others write to its channels is handed on as it is; its own proofs are not', async () => {
    await subscriber.subscribe('a');
    await admin.publish('test:updates:a', '');
    await admin.publish('test:updates:a', 'no frame at all \u0000');
    await admin.publish('test:updates:$liveness:nobody', 'x');
    await waitUntil('both came', () => events.hints.length === 2);
    expect(events.hints).toEqual(['a ', 'a no frame at all \u0000']);
  });

  it('close ends within a moment while Redis is frozen, and rejects who waits', async () => {
    redis.freeze();
    const waiting = expect(subscriber.subscribe('a')).rejects.toThrow(BusUnavailableError);
    const begin = performance.now();
    await subscriber.close();
    expect(performance.now() - begin).toBeLessThan(500);
    await waiting;
    expect(events.states).toEqual(['up']);
  });
});

function connectAdmin(redisUrl: string): Redis {
  const admin = new Redis(redisUrl);
  admin.on('error', () => undefined);
  return admin;
}

/** A subscriber as the driver's documentation shows it. */
async function startNaiveSubscriber(
  redisUrl: string,
  channel = 'test:updates:a',
  options: Pick<RedisOptions, 'retryStrategy'> = {},
) {
  const client = new Redis(redisUrl, options);
  let received = 0;
  let errors = 0;
  client.on('message', () => (received += 1));
  client.on('error', () => (errors += 1));
  await client.subscribe(channel);
  return { client, received: () => received, errors: () => errors };
}

async function connectionIds(admin: Redis, name: string): Promise<string[]> {
  const list = String(await admin.client('LIST'));
  const lines = list.split('\n').filter((line) => line.includes(`name=${name} `));
  return lines.map((line) => /^id=(\d+)/.exec(line)?.[1] ?? '');
}
