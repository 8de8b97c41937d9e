import { publish, RelayClient, startRedis } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freezeAndKill, freshServers } from './system.ts';
import {
  startApi,
  startRelay,
  type RedisServer,
  type ServiceProcess,
  type TestDatabase,
} from '@postline/test-support';

const PUBLISHED = 200;
const STORED_P99_MS = 300;
const DELIVERY_WITHOUT_REDIS_MS = 2_000;
const WORKING_AGAIN_MS = 5_000;

let redis: RedisServer;
let database: TestDatabase;
let api: ServiceProcess;
let relay: ServiceProcess;

beforeAll(async () => {
  redis = await startRedis();
  const fresh = await freshServers();
  database = fresh.database;
  const servers = { ...fresh.servers, redisUrl: redis.url };
  api = await startApi(servers);
  relay = await startRelay(servers);
});

afterAll(async () => {
  await Promise.all([api.stop(), relay.stop()]);
  await redis.stop();
  await database.drop();
});

async function publishAndMeasure(targetId: string, count: number) {
  const answers = [];
  for (let index = 1; index <= count; index += 1) {
    const start = performance.now();
    const { status, body } = await publish(api.url, { message: `m${index}`, targetId });
    answers.push({ status, outcome: body['status'], milliseconds: performance.now() - start });
  }
  return answers;
}

describe.each(freezeAndKill(() => redis))('Redis $fault', ({ fault, begin, end }) => {
  it('[PUB-3] [DEL-8] publishing goes on, delivery too, and both recover by themselves', async () => {
    const reader = await RelayClient.identified(relay.url, { clientId: fault });
    await begin();

    const answers = await publishAndMeasure(fault, PUBLISHED);
    const lastAnswered = performance.now();
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(answers.at(-1)?.outcome).toBe('stored');
    const times = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
    expect(times[Math.floor(PUBLISHED * 0.99) - 1]).toBeLessThan(STORED_P99_MS);
    await reader.messagesOnceThereAre(PUBLISHED);
    expect(performance.now() - lastAnswered).toBeLessThan(DELIVERY_WITHOUT_REDIS_MS);

    await end();
    const start = performance.now();
    let outcome: unknown;
    let sent = PUBLISHED;
    while (outcome !== 'sent' && performance.now() - start < WORKING_AGAIN_MS) {
      outcome = (await publish(api.url, { message: 'again', targetId: fault })).body['status'];
      sent += 1;
    }
    expect(outcome).toBe('sent');
    const offsets = (await reader.messagesOnceThereAre(sent)).map((frame) => frame['offset']);
    expect(offsets).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
    await reader.close();
  });
});
