import { parseRedisLocation } from '@postline/service-runtime';
import type { MessageBus } from '../message-bus.ts';
import { createRedisLocator } from './locating/create-redis-locator.ts';
import { RedisPublisher } from './redis-publisher.ts';
import { REDIS_TIMEOUTS_DEFAULT, type RedisTimeouts } from './redis-timeouts.ts';
import { RenewedSubscriber } from './renewed-subscriber.ts';

export interface RedisMessageBusOptions extends Partial<RedisTimeouts> {
  /** As in REDIS_URL: the URL of one server, of sentinels or of a cluster. */
  readonly redisUrl: string;
  /** Certificates of a private authority (PEM), which TLS uses instead of the public ones. */
  readonly ca?: string | undefined;
  /** The password of the sentinels themselves. */
  readonly sentinelPassword?: string | undefined;
  /** A prefix of every channel, which separates two deployments on one Redis. */
  readonly prefix: string;
}

/**
 * Creates the bus on Redis pub/sub. Each publisher and each subscriber connects when it is created, and reconnects
 * automatically. Throws a TypeError for an invalid URL.
 */
export function createRedisMessageBus(options: RedisMessageBusOptions): MessageBus {
  const { redisUrl, ca, sentinelPassword, prefix, ...given } = options;
  const parsed = parseRedisLocation(redisUrl);
  if (!parsed.ok) throw new TypeError(`the Redis URL ${parsed.error}`);
  const times = { ...REDIS_TIMEOUTS_DEFAULT, ...given };
  const locator = createRedisLocator({ location: parsed.value, ca, sentinelPassword, times });
  return {
    createPublisher: (events) => new RedisPublisher({ locator, prefix, times, events }),
    createSubscriber: (events) => new RenewedSubscriber({ locator, prefix, times }, events),
  };
}
