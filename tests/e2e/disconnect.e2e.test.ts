import { createHash, randomBytes } from 'node:crypto';
import { signClientToken } from '@postline/client-tokens';
import {
  RelayClient,
  type ServiceProcess,
  startApi,
  startRedis,
  startRelay,
  type RedisServer,
  type TestDatabase,
} from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshServers } from './system.ts';

const key = randomBytes(24).toString('base64url');
const secret = randomBytes(32).toString('base64');
const env = {
  AUTH: 'required',
  PUBLISH_KEYS: `desk:${createHash('sha256').update(key).digest('hex')};publish;manage`,
  CLIENT_TOKEN_SECRET: secret,
};

let redis: RedisServer;
let database: TestDatabase;
let api: ServiceProcess;
let relays: ServiceProcess[];

beforeAll(async () => {
  redis = await startRedis();
  const fresh = await freshServers();
  database = fresh.database;
  const servers = { ...fresh.servers, redisUrl: redis.url };
  api = await startApi(servers, env);
  relays = await Promise.all([startRelay(servers, env), startRelay(servers, env)]);
});

afterAll(async () => {
  redis.thaw();
  await Promise.all([api, ...relays].map((service) => service.stop()));
  await redis.stop();
  await database.drop();
});

const tokenOf = (clientId: string) => signClientToken({ secret, clientId, expiresInSeconds: 600 });

async function onEachRelay(clientId: string): Promise<RelayClient[]> {
  const token = await tokenOf(clientId);
  return await Promise.all(relays.map(({ url }) => RelayClient.identified(url, { clientId, token })));
}

async function disconnect(clientId: string, query = ''): Promise<number> {
  const url = `${api.url}/clients/${clientId}/connections${query}`;
  const answer = await fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${key}` } });
  return answer.status;
}

const codesOf = (clients: readonly RelayClient[]) => Promise.all(clients.map((client) => client.closed()));

it('[SEC-5] [SEC-6] a disconnect closes a client on every relay, and its old token lets nobody in', async () => {
  const old = await tokenOf('ann');
  const ann = await onEachRelay('ann');
  const [bob] = await onEachRelay('bob');
  expect(await disconnect('ann', '?refuseTokensIssuedBefore=now')).toBe(200);
  expect(await codesOf(ann)).toEqual([4510, 4510]);
  for (const { url } of relays) {
    const client = await RelayClient.connect(url);
    client.send({ type: 'identify', clientId: 'ann', token: old });
    expect(await client.closed()).toBe(4501);
  }
  await fetch(api.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ message: 'for bob', targetId: 'bob' }),
  });
  await bob?.messagesOnceThereAre(1);
});

it('[SEC-5] with Redis frozen the relays find it in the database', async () => {
  const eve = await onEachRelay('eve');
  redis.freeze();
  expect(await disconnect('eve')).toBe(200);
  expect(await codesOf(eve)).toEqual([4510, 4510]);
  redis.thaw();
});
