import { parseRedisUrl, type RedisAddress } from '@postline/service-runtime';
import type { MessageBus } from '../message-bus.ts';
import { REDIS_TIMEOUTS_DEFAULT, type RedisTimeouts } from './redis-timeouts.ts';
import { RenewedPublisher } from './renewed-publisher.ts';
import { RenewedSubscriber } from './renewed-subscriber.ts';

export interface RedisMessageBusOptions extends Partial<RedisTimeouts> {
  /** As REDIS_URL: `redis://[user:password@]host:port`, or `rediss://` for TLS. */
  readonly redisUrl: string;
  /** Certificates of a private authority, as PEM: for TLS, in place of the public ones. */
  readonly ca?: string | undefined;
  /** A prefix of every channel: separates two deployments on one Redis. */
  readonly prefix: string;
}

/**
 * The bus on Redis pub/sub. It connects when an end is created; each end reconnects without being asked. Throws a
 * TypeError for an invalid URL.
 */
export function createRedisMessageBus(options: RedisMessageBusOptions): MessageBus {
  const { redisUrl, ca, prefix, ...given } = options;
  const address = addressOf(redisUrl, ca);
  const times = { ...REDIS_TIMEOUTS_DEFAULT, ...given };
  return {
    createPublisher: (events) => new RenewedPublisher({ address, prefix, times }, events),
    createSubscriber: (events) => new RenewedSubscriber({ address, prefix, times }, events),
  };
}

function addressOf(redisUrl: string, ca: string | undefined): RedisAddress {
  const parsed = parseRedisUrl(redisUrl);
  if (!parsed.ok) throw new TypeError(`the Redis URL ${parsed.error}`);
  const { tls } = parsed.value;
  return tls === undefined || ca === undefined ? parsed.value : { ...parsed.value, tls: { ...tls, ca } };
}
