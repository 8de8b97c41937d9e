const REDIS_PORT_DEFAULT = 6379;

/** Where Redis listens, and as whom to speak to it; named as the driver names them. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  /** Present where the connection is made with TLS; certificates are checked as Node checks them. */
  readonly tls?: Record<string, never>;
}

/**
 * Reads `redis://[user:password@]host:port[/db]` or `rediss://` (TLS). Nothing else
 * of the URL is used: not its query (the driver would take any of its options from there), and not the database's
 * number, which pub/sub ignores. Throws a TypeError for anything else.
 */
export function parseRedisUrl(redisUrl: string): RedisAddress {
  const url = new URL(redisUrl);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw new TypeError('a Redis URL starts with redis:// or rediss://');
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    host: host === '' ? '127.0.0.1' : host,
    port: url.port === '' ? REDIS_PORT_DEFAULT : Number(url.port),
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
