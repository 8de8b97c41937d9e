import { parseRedisUrl, type RedisAddress } from '@postline/service-runtime';

/** The address in a URL that can be read. */
export function redisAddress(redisUrl: string): RedisAddress {
  const parsed = parseRedisUrl(redisUrl);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
