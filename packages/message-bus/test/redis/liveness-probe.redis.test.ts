import { waitUntil } from '@postline/test-support';
import { Redis } from 'ioredis';
import { expect, inject, it } from 'vitest';
import { LivenessProbe } from '../../src/redis/liveness-probe.ts';
import { redisAddress } from './redis-address.ts';

function createProbe(channel: string, redisUrl = inject('redisUrl')): LivenessProbe {
  const connection = { name: 'test', connectDeadlineMs: 1_000, reconnectPauseMaxMs: 100 };
  return new LivenessProbe({
    connection: { ...connection, address: redisAddress(redisUrl) },
    channel,
    deadlineMs: 500,
  });
}

it('[BUS-3] is proven by its own message only', async () => {
  const subscriber = new Redis(inject('redisUrl'));
  await subscriber.subscribe('liveness-probe:own');
  const probe = createProbe('liveness-probe:own');
  subscriber.on('message', (_channel, payload) => {
    probe.onEcho('something else');
    probe.onEcho(payload);
  });
  expect(await probe.check()).toBeUndefined(); // asked before its connection was ready: sent when it is
  expect(await probe.check()).toBeUndefined();
  await subscriber.unsubscribe('liveness-probe:own');
  const check = probe.check();
  probe.onEcho('');
  probe.onEcho('forged');
  expect(await check).toBeInstanceOf(Error);
  subscriber.disconnect();
  await probe.close();
});

it('[BUS-3] an echo of an earlier message proves nothing', async () => {
  const subscriber = new Redis(inject('redisUrl'));
  await subscriber.subscribe('liveness-probe:late');
  const late: string[] = [];
  subscriber.on('message', (_channel, payload) => late.push(payload));
  const probe = createProbe('liveness-probe:late');
  expect(await probe.check()).toBeInstanceOf(Error);
  await waitUntil('it came all the same', () => late.length === 1);
  const check = probe.check();
  probe.onEcho(late[0] ?? '');
  expect(await check).toBeInstanceOf(Error);
  subscriber.disconnect();
  await probe.close();
});

it('[BUS-3] fails within its deadline where there is no Redis', async () => {
  const probe = createProbe('any', 'redis://127.0.0.1:1');
  const begin = performance.now();
  expect(await probe.check()).toMatchObject({ code: 'ECONNREFUSED' });
  expect(performance.now() - begin).toBeLessThan(800);
  await probe.close();
});
