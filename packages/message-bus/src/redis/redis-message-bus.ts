import type { MessageBus } from '../message-bus.ts';
import { REDIS_TIMES_DEFAULT, type RedisTimes } from './redis-times.ts';
import { parseRedisUrl } from './redis-url.ts';
import { RenewedPublisher } from './renewed-publisher.ts';
import { RenewedSubscriber } from './renewed-subscriber.ts';

export interface RedisMessageBusOptions extends Partial<RedisTimes> {
  /** `redis://[user:password@]host:port`, or `rediss://` for TLS. */
  readonly redisUrl: string;
  /** Put before every channel: keeps two deployments on one Redis apart. */
  readonly prefix: string;
}

/**
 * The bus on Redis pub/sub. Nothing is connected before an end is created; from then on each end connects, and
 * connects again, by itself. Throws a TypeError for a URL that it can't read.
 */
export function createRedisMessageBus(options: RedisMessageBusOptions): MessageBus {
  const { redisUrl, prefix, ...given } = options;
  const address = parseRedisUrl(redisUrl);
  const times = { ...REDIS_TIMES_DEFAULT, ...given };
  return {
    createPublisher: (events) => new RenewedPublisher({ address, prefix, times }, events),
    createSubscriber: (events) => new RenewedSubscriber({ address, prefix, times }, events),
  };
}
