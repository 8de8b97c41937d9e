import { parseRedisUrl, type RedisAddress } from '@postline/service-runtime';
import type { MessageBus } from '../message-bus.ts';
import { REDIS_TIMES_DEFAULT, type RedisTimes } from './redis-timeouts.ts';
import { RenewedPublisher } from './renewed-publisher.ts';
import { RenewedSubscriber } from './renewed-subscriber.ts';

export interface RedisMessageBusOptions extends Partial<RedisTimes> {
  /** As REDIS_URL: `redis://[user:password@]host:port`, or `rediss://` for TLS. */
  readonly redisUrl: string;
  /** Certificates of a private authority, as PEM: for TLS, in place of the public ones. */
  readonly ca?: string | undefined;
  /** Put before every channel: keeps two deployments on one Redis apart. */
  readonly prefix: string;
}

/**
 * The bus on Redis pub/sub. Nothing is connected before an end is created; from then on each end connects, and
 * connects again, by itself. Throws a TypeError for a URL that it can't read.
 */
export function createRedisMessageBus(options: RedisMessageBusOptions): MessageBus {
  const { redisUrl, ca, prefix, ...given } = options;
  const address = addressOf(redisUrl, ca);
  const times = { ...REDIS_TIMES_DEFAULT, ...given };
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
