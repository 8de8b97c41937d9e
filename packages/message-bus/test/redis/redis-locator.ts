import { parseRedisLocation } from '@postline/service-runtime';
import { createRedisLocator } from '../../src/redis/locating/create-redis-locator.ts';
import type { RedisLocator } from '../../src/redis/locating/redis-locator.ts';
import { REDIS_TIMEOUTS_DEFAULT } from '../../src/redis/redis-timeouts.ts';

/** Finds the servers of a URL that can be read, as a bus does. */
export function redisLocator(redisUrl: string, sentinelPassword?: string): RedisLocator {
  const parsed = parseRedisLocation(redisUrl);
  if (!parsed.ok) throw new Error(parsed.error);
  const times = REDIS_TIMEOUTS_DEFAULT;
  return createRedisLocator({ location: parsed.value, ca: undefined, sentinelPassword, times });
}
