import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import {
  askRedis,
  type RedisSentinels,
  startRedisSentinels,
  waitUntil,
  type WatchedRedis,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { redisFault } from '../../../src/redis/redis-fault.ts';
import { redisLocator } from '../redis-locator.ts';

const NEVER = new AbortController().signal;

describe('SentinelLocator', () => {
  let sentinels: RedisSentinels;
  let master: WatchedRedis;

  beforeAll(async () => {
    sentinels = await startRedisSentinels();
    master = await sentinels.master();
  });
  afterAll(async () => {
    await sentinels.stop();
  });

  const masterPort = () => master.link.port;
  const portOf = async (url: string) => (await redisLocator(url).locate(NEVER)).port;
  const reasonOf = (url: string, password?: string) =>
    redisLocator(url, password).locate(NEVER).then(String, redisFault);

  it('[BUS-7] finds the master, with the login and database of the URL', async () => {
    const url = sentinels.url.replace('://', '://user:p%40@');
    expect(await redisLocator(url).locate(NEVER)).toEqual({
      host: '127.0.0.1',
      port: masterPort(),
      username: 'user',
      password: 'p@',
    });
  });

  it('[BUS-7] passes over sentinels that refuse, are silent or know nothing', async () => {
    const silent = createServer((socket) => socket.resume().on('error', () => undefined));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const silentPort = (silent.address() as AddressInfo).port;
    const useless = `127.0.0.1:1,127.0.0.1:${silentPort},${new URL(inject('redisUrl')).host}`;
    const locator = redisLocator(sentinels.url.replace('://', `://${useless},`));
    expect((await locator.locate(NEVER)).port).toBe(masterPort());
    const begin = performance.now();
    expect((await locator.locate(NEVER)).port).toBe(masterPort());
    expect(performance.now() - begin).toBeLessThan(250); // the one that answered is asked first from then on
    silent.close();
  });

  it('[BUS-7] a frozen sentinel costs a moment', async () => {
    const [first] = sentinels.sentinels;
    first?.signal('SIGSTOP');
    const begin = performance.now();
    expect(await portOf(sentinels.url)).toBe(masterPort());
    expect(performance.now() - begin).toBeLessThan(1_000);
    first?.signal('SIGCONT');
  });

  it('[BUS-7] says why there is no master', async () => {
    expect(await reasonOf(sentinels.url.replace(/\w+$/, 'other'))).toEqual({
      kind: 'unknown-master',
      text: 'the sentinels know no master with the name in REDIS_URL',
    });
    expect(await reasonOf('redis+sentinel://127.0.0.1:1,127.0.0.1:2/main')).toEqual({
      kind: 'sentinel-refused',
      text: 'no sentinel can be asked: connection refused (ECONNREFUSED)',
    });
    expect(await reasonOf(`redis+sentinel://${new URL(inject('redisUrl')).host}/main`)).toEqual({
      kind: 'sentinel-not-redis',
      text: 'no sentinel can be asked: the server does not know a command of Redis',
    });
  });

  it('[BUS-7] sentinels have a password of their own', async () => {
    const port = Number(/:(\d+)[,/]/.exec(sentinels.url)?.[1]);
    const url = `redis+sentinel://:of-servers@127.0.0.1:${port}/${sentinels.url.split('/').at(-1)}`;
    expect(await askRedis(port, 'ACL SETUSER default resetpass >s3cr3t')).toContain('OK');
    expect(await reasonOf(url)).toMatchObject({ kind: 'sentinel-wrong-password' });
    expect(await reasonOf(url, 'wrong')).toMatchObject({ kind: 'sentinel-wrong-password' });
    expect((await redisLocator(url, 's3cr3t').locate(NEVER)).port).toBe(masterPort());
  });

  it('[BUS-7] gives up at once where nobody waits any more', async () => {
    const over = new AbortController();
    sentinels.sentinels[1]?.signal('SIGSTOP');
    const located = redisLocator(sentinels.url.replace(/127.0.0.1:\d+,(127.0.0.1:\d+),.*\//, '$1/')).locate(
      over.signal,
    );
    const rejected = expect(located).rejects.toThrow();
    over.abort();
    const begin = performance.now();
    await rejected;
    expect(performance.now() - begin).toBeLessThan(300);
    sentinels.sentinels[1]?.signal('SIGCONT');
    await waitUntil('it is well again', () => portOf(sentinels.url).then(Boolean));
  });
});
