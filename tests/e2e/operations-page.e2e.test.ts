/** The operations page's data, on real services: who may read them, the way of a message, and outages. */
import { createHash } from 'node:crypto';
import type { MessageWay, OperationsState } from '@postline/protocol';
import {
  type DatabaseServer,
  publish,
  RelayClient,
  type RedisServer,
  type ServiceProcess,
  startApi,
  startDatabase,
  startRedis,
  startRelay,
  startStandalone,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshServers } from './system.ts';

const MINUTE_MS = 60_000;
const OUTAGE_NOTICED_MS = 15_000;

async function get(url: string, key?: string) {
  const response = await fetch(url, key === undefined ? {} : { headers: { Authorization: `Bearer ${key}` } });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, body: (isJson ? JSON.parse(text) : text) as Record<string, unknown> };
}

/** The answer once the limit on requests admits one: a test asks more often than a page does. */
function admitted(url: string) {
  return waitUntil('one more request is admitted', async () => {
    const answer = await get(url);
    return answer.status !== 429 && answer;
  });
}

async function stateOf({ url }: { readonly url: string }): Promise<OperationsState> {
  return (await admitted(`${url}/ops/state.json?window=300`)).body as unknown as OperationsState;
}

async function wayOf(
  { url }: { readonly url: string },
  targetId: string,
  offset: number,
): Promise<MessageWay> {
  const query = new URLSearchParams({ targetId, offset: String(offset) });
  return (await admitted(`${url}/ops/message.json?${query.toString()}`)).body as unknown as MessageWay;
}

it('[OPP-1] is off unless it is turned on', async () => {
  const system = await startStandalone();
  const paths = [
    '/ops',
    '/ops/page.js',
    '/ops/state.json?window=300',
    '/ops/message.json?targetId=1&offset=1',
  ];
  for (const path of paths) expect([path, (await fetch(system.relayUrl + path)).status]).toEqual([path, 404]);
  await system.stop();
});

it('[OPP-1] where keys are required, its data need one with the scope manage', async () => {
  const digest = (key: string) => createHash('sha256').update(key).digest('hex');
  const system = await startStandalone({
    AUTH: 'required',
    OPS_PAGE: 'on',
    CLIENT_TOKEN_SECRET: 'a secret of more than 32 bytes, for the test',
    PUBLISH_KEYS: [
      `shop:${digest('shop-key')};publish`,
      `boss:${digest('boss-key')};manage`,
      `room:${digest('room-key')};manage;prefix=room-`,
    ].join(','),
  });
  const state = `${system.relayUrl}/ops/state.json?window=300`;
  const message = `${system.relayUrl}/ops/message.json?targetId=1&offset=1`;
  expect((await get(`${system.relayUrl}/ops`)).status).toBe(200); // the page itself has no data
  for (const url of [state, message]) {
    expect(await get(url)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(await get(url, 'wrong')).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(await get(url, 'shop-key')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await get(url, 'boss-key')).toMatchObject({ status: 200 });
  }
  expect(await get(message, 'room-key')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  expect(await get(message.replace('targetId=1', 'targetId=room-1'), 'room-key')).toMatchObject({
    status: 200,
  });
  for (const url of [`${system.relayUrl}/ops/state.json`, state.replace('300', '7'), `${message}x`])
    expect(await get(url, 'boss-key')).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  await system.stop();
});

it('[OPP-1] a start without such a key is refused', async () => {
  const start = startStandalone({
    AUTH: 'required',
    OPS_PAGE: 'on',
    CLIENT_TOKEN_SECRET: 'a secret of more than 32 bytes, for the test',
  });
  await expect(start).rejects.toThrow(/OPS_PAGE: needs a key with the scope manage in PUBLISH_KEYS/);
});

describe('a relay with its own servers', { timeout: 2 * MINUTE_MS }, () => {
  let redis: RedisServer;
  let database: DatabaseServer;
  let api: ServiceProcess;
  let relay: ServiceProcess;

  beforeAll(async () => {
    [redis, database] = await Promise.all([startRedis(), startDatabase()]);
    const { url } = await database.createDatabase();
    const servers = { databaseUrl: url, redisUrl: redis.url, redisPrefix: 'ops:' };
    api = await startApi(servers);
    relay = await startRelay(servers, { OPS_PAGE: 'on' });
  }, MINUTE_MS);
  afterAll(async () => {
    await Promise.all([api.stop(), relay.stop()]);
    await Promise.all([redis.stop(), database.stop()]);
  });

  it('[OPP-3] shows the way of a message', async () => {
    const phone = await RelayClient.identified(relay.url, { clientId: '1', deviceId: 'phone' });
    const kiosk = await RelayClient.identified(relay.url, { clientId: '1', deviceId: 'kiosk' });
    const { body } = await publish(api.url, { message: 'grüß dich', targetId: 1 });
    for (const client of [phone, kiosk]) await client.messagesOnceThereAre(1);
    phone.send({ type: 'ack', offset: 1 });
    const way = await waitUntil('the ack is stored', async () => {
      const now = await wayOf(relay, '1', 1);
      return now.acks.count === 1 && now;
    });
    expect(way).toMatchObject({
      head: 1,
      stored: { state: 'stored', id: body['id'], createdAt: body['createdAt'], bytes: 11 },
      sends: {
        count: 2,
        shown: [
          { clientId: '1', by: 'hint' },
          { clientId: '1', by: 'hint' },
        ],
      },
      followers: { count: 2, reached: 2 },
      acks: { shown: [{ clientId: '1', deviceId: 'phone', offset: 1 }] },
      rememberedFromMs: null,
    });
    const connectionIds = [phone, kiosk].map(({ frames }) => frames[0]?.['connectionId']);
    expect(way.sends.shown.map(({ connectionId }) => connectionId).toSorted()).toEqual(
      connectionIds.toSorted(),
    );
    const [hintMs = 0] = way.hints;
    const [ack] = way.acks.shown;
    expect(way.sends.shown.every(({ atMs }) => atMs >= hintMs && atMs <= (ack?.receivedMs ?? 0))).toBe(true);
    expect(await wayOf(relay, '1', 2)).toMatchObject({ stored: { state: 'not-yet' }, sends: { count: 0 } });
    await Promise.all([phone.close(), kiosk.close()]);
  });

  it('[OPP-2] shows connections, clients and groups, and what was sent', async () => {
    const clients = await Promise.all(
      ['a', 'a', 'b'].map((clientId) => RelayClient.identified(relay.url, { clientId })),
    );
    clients[0]?.send({ type: 'follow', targetId: 'group:news' });
    await clients[0]?.frame('followed');
    await publish(api.url, { message: 'news', targetId: 'group:news' });
    const state = await waitUntil('the sample has the message', async () => {
      const now = await stateOf(relay);
      return now.delays.fromHints.some((count) => count > 0) && now.totals.messagesSent >= 3 && now;
    });
    expect(state).toMatchObject({
      status: 'ready',
      processes: { expected: 1, answered: 1 },
      parts: { database: { status: 'up' }, bus: { status: 'up' } },
      now: { connections: 3, clients: 2, groups: 1 },
    });
    expect(state.timeline.connections).toHaveLength(150);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('[OPP-2] shows an outage of Redis while it lasts and after it, and the gap that the database filled', async () => {
    const reader = await RelayClient.identified(relay.url, { clientId: 'reader' });
    await redis.kill();
    const lasting = await waitUntil(
      'Redis is down',
      async () => {
        const now = await stateOf(relay);
        return now.parts.bus.status === 'down' && now.outages[0]?.part === 'bus' && now;
      },
      OUTAGE_NOTICED_MS,
    );
    expect(lasting).toMatchObject({ status: 'degraded', outages: [{ part: 'bus', endedMs: null }] });
    expect(lasting.outages[0]?.reason).not.toBe('');
    await publish(api.url, { message: 'without a hint', targetId: 'reader' });
    await reader.messagesOnceThereAre(1);
    await redis.startAgain();
    const after = await waitUntil(
      'Redis is up again',
      async () => {
        const now = await stateOf(relay);
        return now.parts.bus.status === 'up' && now;
      },
      OUTAGE_NOTICED_MS,
    );
    const [outage] = after.outages;
    expect(outage?.endedMs).toBeGreaterThan(outage?.beganMs ?? Infinity);
    expect(after.gaps).toContainEqual(expect.objectContaining({ targetId: 'reader', from: 1, to: 1 }));
    expect(await wayOf(relay, 'reader', 1)).toMatchObject({
      hints: [],
      sends: { count: 1, shown: [{ by: 'log' }] },
    });
    await waitUntil('the delay is sampled', async () =>
      (await stateOf(relay)).delays.fromLog.some((n) => n > 0),
    );
    await reader.close();
  });

  it('[OPP-2] [OPP-3] shows an outage of the database, and says that no message can be looked up', async () => {
    await database.kill();
    const lasting = await waitUntil(
      'the database is down',
      async () => {
        const now = await stateOf(relay);
        return now.outages[0]?.part === 'database' && now;
      },
      OUTAGE_NOTICED_MS,
    );
    expect(lasting).toMatchObject({ status: 'not_ready', parts: { database: { status: 'down' } } });
    expect(await admitted(`${relay.url}/ops/message.json?targetId=1&offset=1`)).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable' },
    });
    await database.startAgain();
    await waitUntil(
      'the database is up again',
      async () => (await stateOf(relay)).parts.database.status === 'up',
      OUTAGE_NOTICED_MS,
    );
    expect((await stateOf(relay)).outages[0]?.endedMs).not.toBeNull();
  });
});

describe('two workers', { timeout: 2 * MINUTE_MS }, () => {
  it('[OPP-2] [OPP-3] are shown as one', async () => {
    const { servers, database } = await freshServers();
    const api = await startApi(servers);
    const relay = await startRelay(servers, { OPS_PAGE: 'on', WORKERS: '2' });
    const names = Array.from({ length: 12 }, (_, index) => `w${index}`);
    const clients = await Promise.all(
      names.map((clientId) => RelayClient.identified(relay.url, { clientId })),
    );
    for (const client of clients) client.send({ type: 'follow', targetId: 'group:all' });
    await Promise.all(clients.map((client) => client.frame('followed')));
    await publish(api.url, { message: 'for all', targetId: 'group:all' });
    await Promise.all(clients.map((client) => client.messagesOnceThereAre(1)));
    for (let time = 0; time < 4; time += 1) {
      expect(await stateOf(relay)).toMatchObject({
        processes: { expected: 2, answered: 2 },
        now: { connections: names.length, clients: names.length },
        totals: { messagesSent: names.length },
      });
      expect(await wayOf(relay, 'group:all', 1)).toMatchObject({
        sends: { count: names.length },
        followers: { count: names.length, reached: names.length },
      });
    }
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all([api.stop(), relay.stop()]);
    await database.drop();
  });
});
