import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../src/redis/redis-url.ts';

const TLS = { rejectUnauthorized: true };

describe('parseRedisUrl', () => {
  it.each([
    ['redis://127.0.0.1:6380', { host: '127.0.0.1', port: 6380 }],
    ['redis://cache.example', { host: 'cache.example', port: 6379 }],
    ['redis://[::1]:6380/3', { host: '::1', port: 6380 }],
    ['redis://', { host: '127.0.0.1', port: 6379 }],
    ['redis:///2', { host: '127.0.0.1', port: 6379 }],
    ['redis://:s%40crt@h', { host: 'h', port: 6379, password: 's@crt' }],
    ['redis://us%3Aer:p@h:1/0', { host: 'h', port: 1, username: 'us:er', password: 'p' }],
    ['rediss://h:6390', { host: 'h', port: 6390, tls: TLS }],
    ['rediss://h?ssl_cert_reqs=required', { host: 'h', port: 6379, tls: TLS }],
    ['redis://h?ssl_cert_reqs=CERT_REQUIRED', { host: 'h', port: 6379, tls: TLS }],
    ['redis://h?ssl=true', { host: 'h', port: 6379, tls: TLS }],
    ['redis://h?tls=1', { host: 'h', port: 6379, tls: TLS }],
    ['redis://h?ssl=false&db=1', { host: 'h', port: 6379 }],
    ['redis://h?family=6', { host: 'h', port: 6379, family: 6 }],
    ['redis+unix:///run/redis.sock?db=1', { path: '/run/redis.sock' }],
    ['unix://user:p%40@/run/redis.sock', { path: '/run/redis.sock', username: 'user', password: 'p@' }],
    ['redis:///run/re%20dis.sock', { path: '/run/re dis.sock' }],
  ])('[BUS-6] reads %s', (url, address) => {
    expect(parseRedisUrl(url)).toEqual({ ok: true, value: address });
  });

  it.each([
    ['redis://h?enableOfflineQueue=true', 'the parameter enableOfflineQueue is unknown'],
    ['rediss://h?ssl_cert_reqs=none', 'ssl_cert_reqs must be required: certificates are always verified'],
    ['rediss://h?ssl_cert_reqs=optional', 'ssl_cert_reqs must be required'],
    ['rediss://h?ssl_check_hostname=false', 'ssl_check_hostname must be true'],
    ['rediss://h?rejectUnauthorized=false', 'rejectUnauthorized must be true'],
    ['rediss://h?ssl_ca_certs=/a.pem', 'ssl_ca_certs is unknown: use REDIS_CA_FILE'],
    ['rediss://h?ssl=false', 'contradict'],
    ['redis://h?db=1&db=2', 'db is there twice'],
    ['redis://h?constructor=1', 'constructor is unknown'],
    ['redis://h?s3cr3t%20=1', 'with an odd name is unknown'],
    ['rediss://h#insecure', 'after #'],
    ['redis://h/name', 'number of a database'],
    ['rediss:///run/redis.sock', 'takes no TLS'],
    ['unix://host/run/redis.sock', 'whole path'],
    ['http://h', 'must be a URL that starts with redis:// or rediss://'],
    ['redis://:%zz@h', 'must be a URL'],
    ['h:6379', 'must be a URL'],
    ['', 'must be a URL'],
  ])('[BUS-6] refuses %j', (url, words) => {
    const parsed = parseRedisUrl(url);
    expect(parsed.ok ? '' : parsed.error).toContain(words);
  });
});
