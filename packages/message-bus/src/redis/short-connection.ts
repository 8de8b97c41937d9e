import { withDeadline } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import { createRedisClient, type RedisClientOptions } from './redis-client.ts';

export interface ShortConnectionOptions extends Omit<RedisClientOptions, 'connectDeadlineMs'> {
  /** The time for connecting and the work together. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a connection, does the work on it, and closes it. If it can't connect, it rejects with the reason. */
export async function withShortConnection<T>(
  options: ShortConnectionOptions,
  work: (client: Redis) => Promise<T>,
): Promise<T> {
  const { deadlineMs, signal, ...rest } = options;
  signal?.throwIfAborted();
  const client = createRedisClient({ ...rest, connectDeadlineMs: deadlineMs });
  const close = () => {
    client.disconnect();
  };
  signal?.addEventListener('abort', close);
  try {
    return await withDeadline(onceReady(client, work), { what: 'Redis', milliseconds: deadlineMs });
  } finally {
    signal?.removeEventListener('abort', close);
    close();
  }
}

function onceReady<T>(client: Redis, work: (client: Redis) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let lastError: Error | undefined;
    client.on('error', (error: Error) => {
      lastError = error;
    });
    client.once('ready', () => {
      work(client).then(resolve, reject);
    });
    client.once('end', () => {
      reject(lastError ?? new Error('Redis closed the connection'));
    });
    client.connect().catch(() => undefined); // `error` and `end` report it
  });
}
