import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type RedisServer, startRedis, waitUntil } from '@postline/test-support';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RedisConnection } from '../../src/redis/redis-connection.ts';
import { redisLocator } from './redis-locator.ts';

const TIMES = { name: 'test', connectDeadlineMs: 300, reconnectPauseMaxMs: 100 };

interface Watched {
  readonly connection: RedisConnection;
  readonly clients: Redis[];
  readonly losses: Error[];
}

function watch(redisUrl: string): Watched {
  const clients: Redis[] = [];
  const losses: Error[] = [];
  const connection = new RedisConnection(
    { ...TIMES, locator: redisLocator(redisUrl) },
    { onReady: (client) => clients.push(client), onLost: (reason) => losses.push(reason) },
  );
  return { connection, clients, losses };
}

describe('RedisConnection', () => {
  let redis: RedisServer;
  const printed = vi.spyOn(console, 'error');

  beforeEach(async () => {
    redis = await startRedis();
    printed.mockClear();
  });
  afterEach(async () => {
    await redis.stop();
    expect(printed).not.toHaveBeenCalled(); // the driver prints errors that nobody listens to
  });

  it('[BUS-3] each connection is a new client, and the old one ends', async () => {
    const { connection, clients, losses } = watch(redis.url);
    await waitUntil('ready', () => connection.client !== undefined);
    connection.replace(new Error('does not answer'));
    expect(connection.client).toBeUndefined();
    await waitUntil('ready again', () => connection.client !== undefined);
    expect(clients).toHaveLength(2);
    await waitUntil('the first one ended', () => clients[0]?.status === 'end');
    expect(losses.map(({ message }) => message)).toEqual(['does not answer']);
    await connection.close();
    expect(clients[1]?.status).toBe('end');
  });

  it('[BUS-3] a server that accepts and never answers is given up at the deadline, again and again', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      socket.resume();
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { connection, losses } = watch(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`);

    await waitUntil('three attempts ran out', () => losses.length >= 3);

    expect(losses[0]?.message).toContain('did not answer within 300 ms');
    expect(sockets.size).toBeLessThanOrEqual(2); // the current attempt, and one that is just being ended
    await connection.close();
    await waitUntil('no socket is left', () => sockets.size === 0);
    silent.close();
  });

  it('[BUS-3] a wrong password is a loss with its reason, tried again without a storm', async () => {
    const admin = new Redis(redis.url);
    await admin.config('SET', 'requirepass', 'secret');
    const { connection, losses } = watch(`redis://:wrong@127.0.0.1:${redis.port}`);
    await waitUntil('an attempt failed', () => losses.length > 0);
    expect(losses[0]?.message).toMatch(/WRONGPASS/);
    const end = performance.now() + 1_000;
    await waitUntil('a second is over', () => performance.now() > end);
    expect(losses.length).toBeLessThan(100); // at most one for each pause of 50 ms on average
    await connection.close();

    const right = watch(`redis://:secret@127.0.0.1:${redis.port}`);
    await waitUntil('ready', () => right.connection.client !== undefined);
    await right.connection.close();
    admin.disconnect();
  });

  it('closes in every state, and does nothing afterwards', async () => {
    const connecting = watch(redis.url);
    await connecting.connection.close();
    const pausing = watch('redis://127.0.0.1:1');
    await waitUntil('an attempt failed', () => pausing.losses.length > 0);
    await pausing.connection.close();
    const ready = watch(redis.url);
    await waitUntil('ready', () => ready.connection.client !== undefined);
    await ready.connection.close();
    for (const { connection, losses, clients } of [connecting, pausing, ready]) {
      const before = [losses.length, clients.length];
      connection.replace(new Error('too late'));
      await connection.close();
      expect(connection.client).toBeUndefined();
      expect([losses.length, clients.length]).toEqual(before);
    }
  });

  it('names itself, so that an operator finds it in CLIENT LIST', async () => {
    const { connection } = watch(redis.url);
    const client = await waitUntil('ready', () => connection.client);
    expect(await client.client('GETNAME')).toBe('test');
    await connection.close();
  });
});
