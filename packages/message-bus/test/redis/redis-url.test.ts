import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../src/redis/redis-url.ts';

describe('parseRedisUrl', () => {
  it.each([
    ['redis://127.0.0.1:6380', { host: '127.0.0.1', port: 6380 }],
    ['redis://cache.example', { host: 'cache.example', port: 6379 }],
    ['redis://[::1]:6380/3', { host: '::1', port: 6380 }],
    ['redis://', { host: '127.0.0.1', port: 6379 }],
    ['redis://:s%40crt@h', { host: 'h', port: 6379, password: 's@crt' }],
    ['redis://us%3Aer:p@h:1/0', { host: 'h', port: 1, username: 'us:er', password: 'p' }],
    ['rediss://h:6390', { host: 'h', port: 6390, tls: {} }],
  ])('reads %s', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  it("takes none of the driver's options from the query", () => {
    expect(parseRedisUrl('redis://h?enableOfflineQueue=true&maxRetriesPerRequest=9')).toEqual({
      host: 'h',
      port: 6379,
    });
  });

  it.each(['redis+cluster://a:1,b:2', 'http://h', 'h:6379', ''])('refuses %j', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(TypeError);
  });
});
