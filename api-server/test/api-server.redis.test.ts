import {
  createTestDatabase,
  publish,
  type RedisServer,
  startRedis,
  type TestDatabase,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { percentile, publishMany } from './support/publish-many.ts';
import { type RealApi, startRealApi } from './support/start-real-api.ts';

const STORED_P99_MS = 300;
const WORKING_AGAIN_MS = 5_000;
const PUBLISHES = 400;

let redis: RedisServer;
let database: TestDatabase;
let api: RealApi;
beforeAll(async () => {
  redis = await startRedis();
  database = await createTestDatabase(inject('databaseServerUrl'));
  api = await startRealApi({ databaseUrl: database.url, redisUrl: redis.url });
  await sentAgain();
});
afterAll(async () => {
  await api.close();
  await redis.stop();
  await database.drop();
});

function sentAgain(): Promise<boolean> {
  const isSent = async () =>
    (await publish(api.url, { message: 'probe', targetId: 'probe' })).body['status'] === 'sent';
  return waitUntil('the bus is told again', isSent, WORKING_AGAIN_MS);
}

async function readiness(): Promise<unknown[]> {
  const answer = await fetch(`${api.url}/readyz`);
  return [answer.status, ((await answer.json()) as { status: string }).status];
}

interface Fault {
  readonly fault: string;
  readonly begin: () => unknown;
  readonly end: () => unknown;
}

describe.each<Fault>([
  {
    fault: 'frozen',
    begin: () => {
      redis.freeze();
    },
    end: () => {
      redis.thaw();
    },
  },
  { fault: 'killed', begin: () => redis.kill(), end: () => redis.startAgain() },
])('Redis $fault', ({ fault, begin, end }) => {
  it.each([1, 16])('[PUB-3] %i publishers get 201 "stored" in time', async (atOnce) => {
    const publishTo = (targetId: string) =>
      publishMany(api.url, {
        count: PUBLISHES,
        atOnce,
        body: (index) => ({ message: `${index}`, targetId }),
      });
    // What this machine takes for it while Redis is there counts on top: other tests may keep it busy.
    const healthyMs = percentile(await publishTo('healthy'), 0.99);
    await begin();
    const answers = await publishTo(`${fault}-${atOnce}`);
    expect(new Set(answers.map(({ status, body }) => `${status} ${String(body['status'])}`))).toEqual(
      new Set(['201 stored']),
    );
    expect(answers.map(({ body }) => Number(body['offset'])).toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: PUBLISHES }, (_, index) => index + 1),
    );
    expect(percentile(answers, 0.99)).toBeLessThan(STORED_P99_MS + healthyMs);
    expect(await readiness()).toEqual([200, 'degraded']);
    await end();
    await sentAgain();
    expect(await readiness()).toEqual([200, 'ready']);
  });
});
