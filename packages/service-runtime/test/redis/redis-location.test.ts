import { describe, expect, it } from 'vitest';
import { parseRedisLocation } from '../../src/redis/redis-location.ts';

const tls = { rejectUnauthorized: true };

describe('parseRedisLocation', () => {
  it('[BUS-6] a URL of one server is that server', () => {
    const server = { host: 'h', port: 6380, password: 'p' };
    expect(parseRedisLocation('redis://:p@h:6380/2')).toEqual({
      ok: true,
      value: { kind: 'server', server },
    });
  });

  it.each([
    [
      'redis+sentinel://a:1,b:2/main',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      'main',
      {},
    ],
    ['redis+sentinel://a/main/3', [{ host: 'a', port: 26_379 }], 'main', {}],
    [
      'REDIS+SENTINEL://[::1]:7,10.0.0.1/my%2Fmain/',
      [
        { host: '::1', port: 7 },
        { host: '10.0.0.1', port: 26_379 },
      ],
      'my/main',
      {},
    ],
    [
      'redis+sentinel://u:p%40%2C@a,b/main',
      [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_379 },
      ],
      'main',
      { username: 'u', password: 'p@,' },
    ],
    ['rediss+sentinel://:p@a/main', [{ host: 'a', port: 26_379, tls }], 'main', { password: 'p', tls }],
    [
      'redis+sentinel://a/main?tls=true&family=4',
      [{ host: 'a', port: 26_379, family: 4, tls }],
      'main',
      { family: 4, tls },
    ],
  ])('[BUS-6] reads %s', (url, sentinels, masterName, master) => {
    expect(parseRedisLocation(url)).toEqual({
      ok: true,
      value: { kind: 'sentinel', sentinels, masterName, master },
    });
  });

  it.each([
    [
      'redis+cluster://a:1,b:2',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
    ],
    ['redis+cluster://a/', [{ host: 'a', port: 6_379 }]],
    [
      'rediss+cluster://u:p@a,b:2/0',
      [
        { host: 'a', port: 6_379, username: 'u', password: 'p', tls },
        { host: 'b', port: 2, username: 'u', password: 'p', tls },
      ],
    ],
  ])('[BUS-6] reads %s', (url, nodes) => {
    expect(parseRedisLocation(url)).toEqual({ ok: true, value: { kind: 'cluster', nodes } });
  });

  it.each([
    ['redis+sentinel://a:1,b:2', 'must name the master after the hosts'],
    ['redis+sentinel://a:1/', 'must name the master after the hosts'],
    ['redis+sentinel://a:1/main/x', 'nothing but the number of a database after the name of the master'],
    ['redis+sentinel://a:1/main/1/2', 'nothing but the number of a database after the name of the master'],
    ['redis+sentinel:///main', 'must name at least one host'],
    ['redis+cluster://', 'must name at least one host'],
    ['redis+cluster://a:1,,b:2', 'number 2 is not written so'],
    ['redis+cluster://a:1,b:65536', 'number 2 is not written so'],
    ['redis+cluster://a:b:1', 'number 1 is not written so'],
    ['redis+cluster://a b:1', 'number 1 is not written so'],
    ['redis+cluster://a:1/3', 'a cluster has only database 0'],
    ['redis+cluster://:%zz@a', '% codes'],
    ['redis+sentinel://a/%zz', '% codes'],
    ['redis+cluster://a#x', 'after #'],
    ['rediss+cluster://a?ssl_cert_reqs=none', 'ssl_cert_reqs must be required'],
    ['redis+cluster://a?enableOfflineQueue=1', 'the parameter enableOfflineQueue is unknown'],
    [`redis+cluster://${'a,'.repeat(50)}a`, 'at most 50 hosts'],
    ['redis-sentinel://a/main', 'redis-sentinel:// is unknown: use redis+sentinel://'],
    ['redis+clusters://a', 'redis+clusters:// is unknown'],
    ['http://a', 'must be a URL that starts with redis://'],
  ])('[BUS-6] refuses %j', (url, words) => {
    const parsed = parseRedisLocation(url);
    expect(parsed.ok ? '' : parsed.error).toContain(words);
  });

  it('[BUS-6] no part of a password is repeated', () => {
    for (const url of [
      'redis+sentinel://u:s3cr3t@a:x/main',
      'redis+cluster://u:s3cr3t',
      'redis+cluster://s3cr3t/@a:1',
      'redis+sentinel://u:s3cr3t@a',
    ]) {
      const parsed = parseRedisLocation(url);
      expect(parsed.ok ? 's3cr3t' : parsed.error).not.toContain('s3cr3t');
    }
  });
});
