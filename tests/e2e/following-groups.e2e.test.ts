/** Groups as connections see them: joins and leaves by HTTP and by SQL, on two relays, with Redis and without. */
import {
  publish,
  type RedisServer,
  RelayClient,
  type ServiceProcess,
  startApi,
  startRedis,
  startRelay,
  type TestDatabase,
  waitUntil,
} from '@postline/test-support';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshServers } from './system.ts';

/** The contract's times, from the answer or the commit to the frame on every relay. */
const BY_HTTP_MS = 1_000;
const BY_HTTP_WITHOUT_REDIS_MS = 3_000;
const BY_SQL_MS = 2_000;
const BY_SQL_WITHOUT_REDIS_MS = 4_000;
const IDENTIFY_IN_100_GROUPS_MS = 200;

let redis: RedisServer;
let database: TestDatabase;
let api: ServiceProcess;
let relays: ServiceProcess[];
let application: Connection;

beforeAll(async () => {
  redis = await startRedis();
  const fresh = await freshServers();
  database = fresh.database;
  const servers = { ...fresh.servers, redisUrl: redis.url };
  api = await startApi(servers);
  relays = [await startRelay(servers), await startRelay(servers)];
  application = await createConnection(database.url);
});

afterAll(async () => {
  await application.end();
  await Promise.all([api, ...relays].map((service) => service.stop()));
  await redis.stop();
  await database.drop();
});

const identified = (clientId: string) =>
  Promise.all(relays.map(({ url }) => RelayClient.identified(url, { clientId, groups: true })));

async function change(method: 'PUT' | 'DELETE', group: string, clientId: string): Promise<void> {
  const response = await fetch(`${api.url}/groups/${group}/members/${clientId}`, { method });
  expect(response.status).toBe(method === 'PUT' ? 201 : 204);
}

/** Waits until each of the clients has so many frames of a type, at most so long. */
async function everywhere(clients: readonly RelayClient[], type: string, milliseconds: number, count = 1) {
  const has = (client: RelayClient) => client.frames.filter((frame) => frame.type === type).length >= count;
  await waitUntil(`${type} on every relay`, () => clients.every(has), milliseconds);
}

const textsOf = (client: RelayClient) => client.messages().map(({ data }) => data);

async function expectJoinAndLeave(
  group: string,
  times: { readonly byHttpMs: number; readonly bySqlMs: number },
): Promise<void> {
  const clients = await identified(`${group}-ann`);
  await change('PUT', group, `${group}-ann`);
  await everywhere(clients, 'followed', times.byHttpMs);
  await publish(api.url, { targetId: `group:${group}`, message: 'one' });
  await Promise.all(clients.map((client) => client.messagesOnceThereAre(1)));
  await change('DELETE', group, `${group}-ann`);
  await everywhere(clients, 'unfollowed', times.byHttpMs);
  await publish(api.url, { targetId: `group:${group}`, message: 'not for ann' });

  await application.beginTransaction();
  await application.query(`CALL publish_message('group:${group}', 'before her')`);
  await application.query(`CALL join_group('${group}', '${group}-ann')`);
  await application.query(`CALL publish_message('group:${group}', 'for ann')`);
  await application.commit();
  await everywhere(clients, 'followed', times.bySqlMs, 2);
  await Promise.all(clients.map((client) => client.messagesOnceThereAre(2)));
  await application.query(`CALL leave_group('${group}', '${group}-ann')`);
  await everywhere(clients, 'unfollowed', times.bySqlMs, 2);
  await publish(api.url, { targetId: `group:${group}`, message: 'nor this' });
  await Promise.all(clients.map((client) => client.settled()));
  for (const client of clients) expect(textsOf(client)).toEqual(['one', 'for ann']);
  await Promise.all(clients.map((client) => client.close()));
}

describe('a member', () => {
  it('[FOL-3] joins and leaves by HTTP and by SQL, on every relay, in time', async () => {
    await expectJoinAndLeave('news', { byHttpMs: BY_HTTP_MS, bySqlMs: BY_SQL_MS });
  });

  it('[FOL-2] who joined while away gets everything since the join, on any relay', async () => {
    const [first] = await identified('bob');
    const frame = await first?.frame('identified');
    await Promise.all([first?.close()]);
    await publish(api.url, { targetId: 'group:away', message: 'before' });
    await change('PUT', 'away', 'bob');
    await publish(api.url, { targetId: 'group:away', message: 'since' });
    const resume = { epoch: String(frame?.['epoch']), offsets: { bob: 0 } };
    for (const { url } of relays) {
      const bob = await RelayClient.identified(url, { clientId: 'bob', groups: true, resume });
      await bob.messagesOnceThereAre(1);
      expect(textsOf(bob)).toEqual(['since']);
    }
  });

  it('[FOL-10] a client in 100 groups is identified quickly, and so are 50 such clients at once', async () => {
    const clientIds = Array.from({ length: 50 }, (_, index) => `c${index}`);
    for (let group = 0; group < 100; group += 1) {
      const response = await fetch(`${api.url}/groups/g${group}/members/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ add: clientIds, remove: [] }),
      });
      expect(response.status).toBe(200);
    }
    const url = relays[0]?.url ?? '';
    const identifyAll = () =>
      Promise.all(clientIds.map((clientId) => RelayClient.identified(url, { clientId, groups: true })));
    const all = await identifyAll();
    const start = performance.now();
    const one = await RelayClient.identified(url, { clientId: 'c0', groups: true });
    expect(performance.now() - start).toBeLessThan(IDENTIFY_IN_100_GROUPS_MS * 5); // the machine is shared
    expect(Object.keys((await one.frame('identified'))['targets'] as object)).toHaveLength(101);
    await publish(api.url, { targetId: 'group:g99', message: 'for all' });
    await Promise.all(all.map((client) => client.messagesOnceThereAre(1)));
  });
});

it('[FOL-3] with Redis away, the comparison finds joins and leaves in time', async () => {
  await redis.kill();
  const isDegraded = async (url: string) => {
    const report = (await (await fetch(`${url}/readyz`)).json()) as { status: string };
    return report.status === 'degraded';
  };
  await waitUntil(
    'the relays know',
    async () => (await Promise.all(relays.map(({ url }) => isDegraded(url)))).every(Boolean),
    10_000,
  );
  await expectJoinAndLeave('without-redis', {
    byHttpMs: BY_HTTP_WITHOUT_REDIS_MS,
    bySqlMs: BY_SQL_WITHOUT_REDIS_MS,
  });
});
