/** How soon a change of members is visible, even while a service is down, and what remains of it after a kill -9. */
import {
  RelayClient,
  type RedisServer,
  type ServiceProcess,
  startApi,
  startRedis,
  startRelay,
  type TestDatabase,
} from '@postline/test-support';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freezeAndKill, freshServers } from '../e2e/system.ts';
import { join, leave, send } from './group-services.ts';

const WITHIN_MS = { byHttp: 1_000, bySql: 2_000 };
const WITHOUT_REDIS_WITHIN_MS = { byHttp: 3_000, bySql: 4_000 };
const WARM_IDENTIFY_MS_MAX = 200;
const ROUNDS = 3;

let redis: RedisServer;
let database: TestDatabase;
let servers: Parameters<typeof startApi>[0];
let api: ServiceProcess;
let relays: ServiceProcess[];
let groupCount = 0;
const newGroup = () => `times-${(groupCount += 1)}`;

beforeAll(async () => {
  redis = await startRedis();
  const fresh = await freshServers();
  database = fresh.database;
  servers = { ...fresh.servers, redisUrl: redis.url };
  api = await startApi(servers);
  relays = await Promise.all([startRelay(servers), startRelay(servers)]);
});
afterAll(async () => {
  redis.thaw();
  await Promise.all([api, ...relays].map((service) => service.stop()));
  await redis.stop();
  await database.drop();
});

const readOn = (relay: ServiceProcess | undefined, clientId: string, resume?: 'start') =>
  RelayClient.identified(relay?.url ?? '', {
    clientId,
    groups: true,
    ...(resume === undefined ? {} : { resume }),
  });

async function bySql(call: 'join' | 'leave', group: string, clientId: string): Promise<void> {
  const connection = await createConnection(database.url);
  await connection.execute(`CALL ${call}_group(?, ?)`, [group, clientId]);
  await connection.end();
}

/** Makes joins and leaves. Each must be visible on every relay in time; prints how long the leaves took. */
async function showsInTime(what: string, within: typeof WITHIN_MS): Promise<void> {
  const silentMs = { byHttp: [] as number[], bySql: [] as number[] };
  const readers = await Promise.all(relays.map((relay) => readOn(relay, 'watcher')));
  const seen = async (group: string, type: string, milliseconds: number) => {
    await Promise.all(readers.map((reader) => reader.frameOf(`group:${group}`, type, { milliseconds })));
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const [byHttp, fromSql] = [newGroup(), newGroup()];
    expect((await join(api.url, byHttp, 'watcher')).status).toBe(201);
    await seen(byHttp, 'followed', within.byHttp);
    await send(api.url, `group:${byHttp}`, 'one');
    for (const reader of readers) expect(await reader.textsOf(`group:${byHttp}`, 1)).toEqual(['one']);
    let startedAt = performance.now();
    expect((await leave(api.url, byHttp, 'watcher')).status).toBe(204);
    await seen(byHttp, 'unfollowed', within.byHttp);
    silentMs.byHttp.push(performance.now() - startedAt);
    await bySql('join', fromSql, 'watcher');
    await seen(fromSql, 'followed', within.bySql);
    startedAt = performance.now();
    await bySql('leave', fromSql, 'watcher');
    await seen(fromSql, 'unfollowed', within.bySql);
    silentMs.bySql.push(performance.now() - startedAt);
  }
  const [byHttp, fromSql] = [silentMs.byHttp, silentMs.bySql].map((all) => Math.max(...all).toFixed(0));
  console.log(`${what}: from a removal to silence on both relays at most ${byHttp} ms, by SQL ${fromSql} ms`);
  await Promise.all(readers.map((reader) => reader.close()));
}

it('[FOL-3] a join and a leave are visible on every relay within 1 s, by SQL within 2 s', async () => {
  await showsInTime('Redis up', WITHIN_MS);
});

describe.each(freezeAndKill(() => redis))('Redis $fault', ({ fault, begin, end }) => {
  it('[FOL-3] [GRP-16] changes are visible within 3 s, by SQL within 4 s, and within 1 s again afterwards', async () => {
    await begin();
    try {
      await showsInTime(`Redis ${fault}`, WITHOUT_REDIS_WITHIN_MS);
    } finally {
      await end();
    }
  });
});

it('if an API is killed right after it answered a join, the join is visible within 3 s', async () => {
  const readers = await Promise.all(relays.map((relay) => readOn(relay, 'survivor')));
  for (let round = 0; round < ROUNDS; round += 1) {
    const group = newGroup();
    const dying = await startApi(servers);
    expect((await join(dying.url, group, 'survivor')).status).toBe(201);
    await dying.kill();
    const milliseconds = WITHOUT_REDIS_WITHIN_MS.byHttp;
    for (const reader of readers)
      expect(await reader.frameOf(`group:${group}`, 'followed', { milliseconds })).toMatchObject({
        offset: 0,
      });
  }
  await Promise.all(readers.map((reader) => reader.close()));
});

it('if a relay is killed, streams continue on the other one, and a group joined in between begins at F', async () => {
  const dying = await startRelay(servers);
  const [before, meanwhile] = [newGroup(), newGroup()];
  await join(api.url, before, 'moving');
  const reader = await readOn(dying, 'moving');
  await send(api.url, `group:${before}`, '1', '2');
  await reader.textsOf(`group:${before}`, 2);
  const { epoch } = await reader.frame('identified');
  await dying.kill();
  await reader.closed();
  await send(api.url, `group:${before}`, '3');
  await send(api.url, `group:${meanwhile}`, 'before the join');
  await join(api.url, meanwhile, 'moving');
  await send(api.url, `group:${meanwhile}`, 'after the join');
  const resume = { epoch: String(epoch), offsets: { [`group:${before}`]: 2, moving: 0 } };
  const back = await RelayClient.identified(relays[0]?.url ?? '', {
    clientId: 'moving',
    groups: true,
    resume,
  });
  expect(await back.textsOf(`group:${before}`, 1)).toEqual(['3']);
  expect(await back.textsOf(`group:${meanwhile}`, 1)).toEqual(['after the join']);
  await leave(api.url, before, 'moving');
  await back.frameOf(`group:${before}`, 'unfollowed');
  await back.close();
});

it('a client in 100 groups is identified within 200 ms', async () => {
  const groups = Array.from({ length: 100 }, (_, index) => `hundred-${index}`);
  await Promise.all(groups.map((group) => join(api.url, group, 'busy')));
  const times: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const startedAt = performance.now();
    const reader = await readOn(relays[0], 'busy', 'start');
    times.push(performance.now() - startedAt);
    const { targets } = await reader.frame('identified');
    expect(Object.keys(targets as object)).toHaveLength(101);
    await reader.close();
  }
  expect(Math.min(...times)).toBeLessThan(WARM_IDENTIFY_MS_MAX); // others may have met a busy machine
});
