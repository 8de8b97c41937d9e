import { randomUUID } from 'node:crypto';
import { waitUntil } from '@postline/test-support';
import { describe, expect, inject, it } from 'vitest';
import { BusUnavailableError } from '../../src/index.ts';
import { createRedisMessageBus } from '../../src/redis/index.ts';
import { describeMessageBus, PATIENT_PUBLISHER } from '../message-bus-contract.ts';
import { recordEvents } from '../recorded-events.ts';

describeMessageBus('redis', () =>
  createRedisMessageBus({ redisUrl: inject('redisUrl'), prefix: `${randomUUID()}:`, ...PATIENT_PUBLISHER }),
);

describe('createRedisMessageBus', () => {
  it('refuses a URL of another kind', () => {
    expect(() => createRedisMessageBus({ redisUrl: 'http://127.0.0.1', prefix: '' })).toThrow(TypeError);
  });
});

describe('redis subscriber and other deployments', () => {
  it('[BUS-4] a prefix keeps two deployments on one Redis apart, whatever database number they name', async () => {
    const redisUrl = inject('redisUrl');
    const ends = await Promise.all(
      ['blue:', 'green:', ''].map(async (prefix, index) => {
        const events = recordEvents();
        const bus = createRedisMessageBus({ redisUrl: `${redisUrl}/${index}`, prefix, ...PATIENT_PUBLISHER });
        const subscriber = bus.createSubscriber(events);
        const publisher = bus.createPublisher();
        await waitUntil('both are ready', () => publisher.checkReady().then(() => subscriber.state === 'up'));
        await subscriber.subscribe('a');
        await subscriber.subscribe('end');
        return { prefix, events, subscriber, publisher };
      }),
    );

    for (const { prefix, publisher } of ends) {
      await publisher.publish([
        { targetId: 'a', frame: `of ${prefix}` },
        { targetId: 'end', frame: 'x' },
      ]);
    }

    for (const { prefix, events, subscriber, publisher } of ends) {
      await waitUntil('the end', () => events.hints.includes('end x'));
      expect(events.hints).toEqual([`a of ${prefix}`, 'end x']);
      await Promise.all([subscriber.close(), publisher.close()]);
    }
  });
});

describe('redis subscriber without a Redis', () => {
  it('[BUS-3] is down, reports why, and closes', async () => {
    const events = recordEvents();
    const bus = createRedisMessageBus({ redisUrl: 'redis://127.0.0.1:1', prefix: '' });
    const subscriber = bus.createSubscriber(events);
    await waitUntil('an attempt failed', () => events.faults.length > 0);
    await expect(subscriber.subscribe('a')).rejects.toThrow(BusUnavailableError);
    await subscriber.close();
    expect(events.faults[0]?.reason).toEqual({ kind: 'refused', text: 'connection refused (ECONNREFUSED)' });
    expect(events.states).toEqual([]);
  });
});
