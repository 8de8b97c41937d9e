import { setTimeout as sleep } from 'node:timers/promises';
import type { HintPublisher, HintSubscriber } from '../../src/index.ts';
import { type RedisServer, startRedis, TcpProxy, waitUntil } from '@postline/test-support';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRedisMessageBus } from '../../src/redis/index.ts';
import { PATIENT_PUBLISHER } from '../message-bus-contract.ts';
import { recordEvents, type RecordedEvents } from '../recorded-events.ts';

/** A working subscriber replaces its connection so often here. */
const RENEWED_EVERY_MS = 300;

describe('a subscriber can be renewed', () => {
  let first: RedisServer;
  let second: RedisServer;
  let link: TcpProxy;
  let events: RecordedEvents;
  let publisherEvents: RecordedEvents;
  let publisher: HintPublisher;
  let subscriber: HintSubscriber;

  beforeEach(async () => {
    [first, second] = await Promise.all([startRedis(), startRedis()]);
    link = await TcpProxy.start(first.port);
    events = recordEvents();
    publisherEvents = recordEvents();
    // Two buses, as an API and a relay are two processes.
    const options = { redisUrl: link.urlThrough(first.url), prefix: '' };
    publisher = createRedisMessageBus({ ...options, ...PATIENT_PUBLISHER }).createPublisher(publisherEvents);
    subscriber = createRedisMessageBus(options).createSubscriber(events);
    await waitUntil('both are up', () => events.states[0] === 'up' && publisherEvents.states[0] === 'up');
  });
  afterEach(async () => {
    await Promise.all([publisher.close(), subscriber.close()]);
    await link.close();
    await Promise.all([first.stop(), second.stop()]);
  });

  async function clientCount(redis: RedisServer): Promise<number> {
    const admin = new Redis(redis.url);
    const list = String(await admin.client('LIST'));
    admin.disconnect();
    return list.match(/name=postline/g)?.length ?? 0;
  }

  it('[BUS-5] no hint is lost while its connection is renewed again and again, whatever is subscribed meanwhile, and no state changes', async () => {
    const targetIds = Array.from({ length: 300 }, (_, index) => `target-${index}`);
    const published: string[] = [];
    const end = performance.now() + 8 * RENEWED_EVERY_MS;
    const renewals = setInterval(() => {
      subscriber.renew();
    }, RENEWED_EVERY_MS);
    for (let round = 0; performance.now() < end; round += 1) {
      const targetId = targetIds[round % targetIds.length] ?? '';
      await subscriber.subscribe(targetId);
      await publisher.publish([{ targetId, frame: `${round}` }]);
      published.push(`${targetId} ${round}`);
      if (round % 7 === 0) await sleep(1);
    }
    await waitUntil('all came', () => {
      const came = new Set(events.hints);
      return published.every((hint) => came.has(hint));
    });
    subscriber.unsubscribe('target-0');
    events.hints.length = 0;
    await publisher.publish([{ targetId: 'target-0', frame: 'unwanted' }]);
    await sleep(2 * RENEWED_EVERY_MS); // over at least one more renewal
    clearInterval(renewals);
    await publisher.publish([
      { targetId: 'target-0', frame: 'unwanted' },
      { targetId: 'target-1', frame: 'end' },
    ]);
    await waitUntil('the end', () => events.hints.includes('target-1 end'));
    expect(events.hints.filter((hint) => hint.startsWith('target-0 '))).toEqual([]);
    expect([events.states, publisherEvents.states]).toEqual([['up'], ['up']]);
    await waitUntil('one set of connections is left', async () => (await clientCount(first)) <= 2 + 2);
  });

  it('[BUS-5] a hint that Redis sent on the old connection arrives, however late, before that connection is closed', async () => {
    await Promise.all([subscriber.close(), publisher.close()]);
    // No other command on the old connection.
    const quiet = {
      redisUrl: link.urlThrough(first.url),
      prefix: '',
      probeIntervalMs: 60_000,
      proofIntervalMs: 60_000,
    };
    const own = recordEvents();
    subscriber = createRedisMessageBus(quiet).createSubscriber(own);
    await waitUntil('it is up', () => own.states[0] === 'up');
    await subscriber.subscribe('a');

    let isUsed = false;
    const noteUse = () => {
      isUsed = true;
      return false;
    };
    link.freezeOpen('down');
    link.breakOpenAt(noteUse, 'reset-unheard');
    const admin = new Redis(first.url);
    await admin.publish('updates:a', 'late');
    subscriber.renew();
    await waitUntil('the old connection is drained', () => isUsed);
    link.heal();

    await waitUntil('the late hint arrives', () => own.hints.includes('a late'));
    await waitUntil('the old connections are closed', async () => (await clientCount(first)) === 1);
    admin.disconnect();
    expect(own.states).toEqual(['up']);
  });

  it('[BUS-5] where no new connection can be made, the old one goes on receiving, and is up again with its address', async () => {
    await subscriber.subscribe('a');
    link.redirect(1); // nothing listens there
    await waitUntil(
      'both are down',
      () => events.states[1] === 'down' && publisherEvents.states[1] === 'down',
    );
    const admin = new Redis(first.url);
    await admin.publish('updates:a', 'still');
    admin.disconnect();
    await waitUntil('it came', () => events.hints.includes('a still'));
    link.redirect(first.port);
    await waitUntil('both are up', () => events.states[2] === 'up' && publisherEvents.states[2] === 'up');
  });

  it('[BUS-5] a subscriber can be told to renew its connection at once', async () => {
    await subscriber.close();
    const bus = createRedisMessageBus({ redisUrl: link.urlThrough(first.url), prefix: '' });
    const own = recordEvents();
    subscriber = bus.createSubscriber(own);
    await waitUntil('it is up', () => own.states[0] === 'up');
    await subscriber.subscribe('b');
    link.redirect(second.port);
    subscriber.renew();
    subscriber.renew();
    const admin = new Redis(second.url);
    await waitUntil('a hint crosses the new server', async () => {
      await admin.publish('updates:b', 'x');
      return own.hints.includes('b x');
    });
    admin.disconnect();
    expect(own.states).toEqual(['up']);
  });
});
