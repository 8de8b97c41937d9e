import { once } from 'node:events';
import { askRedis, freePort, type RedisServer, startRedis } from '@postline/test-support';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisFault } from '../../src/redis/redis-fault.ts';
import { exchangeWithWitness, MisplacedError } from '../../src/redis/witness.ts';
import { redisLocator } from './redis-locator.ts';

const DEADLINE_MS = 500;

describe('exchangeWithWitness', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis.stop();
  });

  const exchange = (work: (witness: Redis) => Promise<unknown>, redisUrl = redis.url, signal?: AbortSignal) =>
    exchangeWithWitness(
      { locator: redisLocator(redisUrl), server: undefined, deadlineMs: DEADLINE_MS, signal },
      work,
    );
  const connectionCount = async () =>
    (await askRedis(redis.port, 'CLIENT LIST')).match(/name=postline-witness/g)?.length ?? 0;

  it('[BUS-8] resolves once the exchange has, and leaves no connection', async () => {
    const ids = new Set<string>();
    for (let round = 0; round < 3; round += 1)
      await exchange(async (witness) => ids.add(String(await witness.client('ID'))));
    expect(ids.size).toBe(3); // each is a new one
    await expect.poll(connectionCount).toBe(0);
  });

  it('[BUS-8] a message that does not arrive within the deadline is a misplacement', async () => {
    const begin = performance.now();
    const error = await exchange((witness) => once(witness, 'message')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MisplacedError);
    expect(redisFault(error).kind).toBe('misplaced');
    expect(performance.now() - begin).toBeLessThan(DEADLINE_MS + 300);
    await expect.poll(connectionCount).toBe(0);
  });

  it('[BUS-8] a witness that is away, silent or a replica is none, and says why', async () => {
    const reason = async (redisUrl?: string) => {
      const error = await exchange(() => Promise.resolve(), redisUrl).catch((fault: unknown) => fault);
      expect(error).not.toBeInstanceOf(MisplacedError);
      return redisFault(error).kind;
    };
    expect(await reason('redis://127.0.0.1:1')).toBe('refused');
    redis.freeze();
    expect(await reason()).toBe('timed-out');
    redis.thaw();
    await askRedis(redis.port, `REPLICAOF 127.0.0.1 ${await freePort()}`);
    expect(await reason()).toBe('replica');
    await askRedis(redis.port, 'REPLICAOF NO ONE');
  });

  it('[BUS-8] an error that Redis answers is the reason', async () => {
    const error = await exchange((witness) => witness.call('NONSENSE')).catch((fault: unknown) => fault);
    expect(redisFault(error).kind).toBe('not-redis');
  });

  it('[BUS-8] ends where nobody waits any more', async () => {
    const over = new AbortController();
    const begin = performance.now();
    const exchanged = exchange((witness) => once(witness, 'message'), redis.url, over.signal);
    const rejected = expect(exchanged).rejects.toThrow();
    over.abort();
    await rejected;
    expect(performance.now() - begin).toBeLessThan(DEADLINE_MS);
    await expect(exchange(() => Promise.resolve(), redis.url, over.signal)).rejects.toThrow();
  });
});
