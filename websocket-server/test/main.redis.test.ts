import {
  createTestDatabase,
  launch,
  RelayClient,
  startRelay,
  type TestDatabase,
  waitUntil,
} from '@postline/test-support';
import { migrate } from '@postline/message-store/mysql';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const EXIT_MS = 15_000;

/** The built relay as a process of its own. */
describe('npm run relay', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase(inject('databaseServerUrl'));
  });

  afterAll(async () => {
    await database.drop();
  });

  function env() {
    return { databaseUrl: database.url, redisUrl: inject('redisUrl'), redisPrefix: `${database.name}:` };
  }

  it('[OPS-1] wrong settings: exit code 1, and one line for each wrong variable', async () => {
    const relay = launch('websocket-server', {
      PORT: 'many',
      HEARTBEAT_SECONDS: '0',
      REDIS_URL: 'http://127.0.0.1',
    });
    expect(await relay.ended).toBe(1);
    const lines = relay.output().trim().split('\n');
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual([
      'DATABASE_URL',
      'HEARTBEAT_SECONDS',
      'PORT',
      'REDIS_URL',
    ]);
  });

  it('a port that is in use: exit code 1, and one line about it', async () => {
    await migrate({ databaseUrl: database.url, folder: new URL('../../db/migrations/', import.meta.url) });
    const first = await startRelay(env());
    const second = launch('websocket-server', {
      DATABASE_URL: database.url,
      REDIS_URL: inject('redisUrl'),
      PORT: String(first.port),
      LOG_LEVEL: 'silent',
    });
    expect(await second.ended).toBe(1);
    expect(second.output().trim()).toMatch(/^PORT: port \d+ of \S+ is taken by another program[^\n]*$/);
    await first.stop();
  });

  it('[DEL-15][OPS-4] SIGTERM: sockets are closed with 1001, exit code 0 within 15 s', async () => {
    const relay = await startRelay(env());
    expect(relay.process.output()).toContain('AUTH=open');
    const clients = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        RelayClient.identified(relay.url, { clientId: `client-${index}` }),
      ),
    );
    const asked = performance.now();
    const ended = relay.stop();
    for (const client of clients) expect(await client.closed(EXIT_MS)).toBe(1001);
    expect(await ended).toBe(0);
    expect(performance.now() - asked).toBeLessThan(EXIT_MS);
  });

  it('[DBC-8] a database fault that waiting cannot mend ends the start, and the last line names it', async () => {
    const url = new URL(database.url);
    url.pathname += '_none';
    const relay = launch('websocket-server', {
      DATABASE_URL: url.href,
      REDIS_URL: inject('redisUrl'),
      PORT: '0',
    });
    expect(await relay.ended).toBe(1);
    expect(relay.output()).toMatch(
      /\ncould not start: the database cannot be used: the database that the URL names does not exist\n$/,
    );
  });

  it('[DEL-15] SIGTERM while clients wait for a database that is not there: the same', async () => {
    const relay = launch('websocket-server', {
      DATABASE_URL: 'mysql://root@127.0.0.1:1/nothing',
      REDIS_URL: inject('redisUrl'),
      PORT: '0',
    });
    const listening = await waitUntil(
      'it listens',
      () => /"port":(\d+),"msg":"listening"/.exec(relay.output())?.[1],
    );
    const client = await RelayClient.connect(`http://127.0.0.1:${listening}`);
    client.send({ type: 'identify', clientId: 1 });
    await client.settled();
    const asked = performance.now();
    expect(await relay.end()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(EXIT_MS);
    expect(await client.closed()).toBe(1001);
  });
});
