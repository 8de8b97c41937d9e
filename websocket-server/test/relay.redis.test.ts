import { setTimeout as sleep } from 'node:timers/promises';
import { createRedisMessageBus } from '@postline/message-bus/redis';
import type { HintPublisher } from '@postline/message-bus';
import type { MessageStore } from '@postline/message-store';
import { createMysqlMessageStore, migrate } from '@postline/message-store/mysql';
import { encodeNewMessage } from '@postline/protocol';
import { createLogger } from '@postline/service-runtime';
import {
  type DatabaseServer,
  type RedisServer,
  RelayClient,
  startDatabase,
  startRedis,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRelay, type Relay } from '../src/relay.ts';
import { TEST_SETTINGS } from './support/relay-settings.ts';

const MIGRATIONS = new URL('../../db/migrations/', import.meta.url);

const WITHOUT_REDIS_MS = 2_000;
const LOST_HINT_MS = 5_000;
const WORKING_AGAIN_MS = 5_000;
/** A hint that flows; no comparison is that quick. */
const BY_HINT_MS = 500;

/** Servers of their own, to be killed and frozen; every wait of the relay has its default. */
let database: DatabaseServer;
let redis: RedisServer;
let store: MessageStore;
let publisher: HintPublisher;
let relayStore: MessageStore;
let relay: Relay;
let relayUrl: string;

beforeAll(async () => {
  [database, redis] = await Promise.all([startDatabase(), startRedis()]);
  const { url: databaseUrl } = await database.createDatabase();
  await migrate({ databaseUrl, folder: MIGRATIONS });
  store = createMysqlMessageStore({ databaseUrl });
  relayStore = createMysqlMessageStore({ databaseUrl });
  const bus = createRedisMessageBus({ redisUrl: redis.url, prefix: 'test:' });
  publisher = bus.createPublisher();
  relay = createRelay({
    store: relayStore,
    bus,
    settings: { ...TEST_SETTINGS, drainMs: 100 },
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  relayUrl = `http://127.0.0.1:${await relay.listen({ host: '127.0.0.1', port: 0 })}`;
  await waitUntil('the relay is ready', async () => (await readiness()) === 'ready');
});

afterAll(async () => {
  await relay.close();
  await Promise.all([publisher.close(), store.close(), relayStore.close()]);
  await Promise.all([database.stop(), redis.stop()]);
});

async function readiness(): Promise<string> {
  return ((await (await fetch(`${relayUrl}/readyz`)).json()) as { status: string }).status;
}

/** Commits a message; the frame of its hint. */
async function commit(targetId: string, message: string): Promise<string> {
  const [outcome] = await store.append([{ publisher: '', messages: [{ targetId, message }] }]);
  const stored = outcome?.kind === 'appended' ? outcome.messages[0] : undefined;
  if (outcome?.kind !== 'appended' || stored === undefined) throw new Error('not stored');
  return encodeNewMessage(stored, outcome.epoch);
}

/** Commits and publishes; true where Redis took the hint. */
async function publish(targetId: string, message: string): Promise<boolean> {
  const frame = await commit(targetId, message);
  return await publisher.publish([{ targetId, frame }]).then(
    () => true,
    () => false,
  );
}

/** Publishes one message, and waits for it at the client; the milliseconds from its commit on. */
async function delivered(client: RelayClient, targetId: string): Promise<number> {
  const count = client.messages().length;
  const frame = await commit(targetId, `message ${count + 1}`);
  const committed = performance.now();
  await publisher.publish([{ targetId, frame }]).catch(() => undefined);
  await client.messagesOnceThereAre(count + 1, 10_000);
  return performance.now() - committed;
}

function offsets(client: RelayClient): unknown[] {
  return client.messages().map((frame) => frame['offset']);
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

interface Fault {
  readonly fault: string;
  readonly begin: () => unknown;
  readonly end: () => unknown;
}

const FAULTS: readonly Fault[] = [
  {
    fault: 'killed',
    begin: () => redis.kill(),
    end: () => redis.startAgain(),
  },
  {
    fault: 'frozen',
    begin: () => {
      redis.freeze();
    },
    end: () => {
      redis.thaw();
    },
  },
];

describe.each(FAULTS)('Redis $fault', ({ fault, begin, end }) => {
  it('[DEL-8] each message comes within 2 s of its commit; afterwards hints flow again without a restart', async () => {
    const client = await RelayClient.identified(relayUrl, { clientId: fault });
    expect(await delivered(client, fault)).toBeLessThan(BY_HINT_MS);

    await begin();
    const delays: number[] = [];
    for (let message = 0; message < 8; message += 1) {
      delays.push(await delivered(client, fault));
      await sleep(137); // at another place of the comparison's interval each time
    }
    expect(Math.max(...delays)).toBeLessThan(WITHOUT_REDIS_MS);
    // Who comes while Redis is away is answered, and gets messages, all the same.
    const late = await RelayClient.identified(relayUrl, { clientId: `${fault}-late` });
    expect(await delivered(late, `${fault}-late`)).toBeLessThan(WITHOUT_REDIS_MS);

    await end();
    const back = performance.now();
    await waitUntil('hints flow', async () => (await readiness()) === 'ready', WORKING_AGAIN_MS);
    await waitUntil('Redis takes hints', () => publish('nobody', 'x'), WORKING_AGAIN_MS);
    expect(performance.now() - back).toBeLessThan(WORKING_AGAIN_MS);
    for (const [each, targetId] of [
      [client, fault],
      [late, `${fault}-late`],
    ] as const) {
      expect(await delivered(each, targetId)).toBeLessThan(BY_HINT_MS);
      expect(await delivered(each, targetId)).toBeLessThan(BY_HINT_MS);
      expect(offsets(each)).toEqual(upTo(offsets(each).length));
      await each.close();
    }
  });
});

describe('a hint that was lost', () => {
  it('[DEL-8] costs 5 s at the most', async () => {
    const client = await RelayClient.identified(relayUrl, { clientId: 'untold' });
    for (let message = 1; message <= 3; message += 1) {
      await commit('untold', 'nobody is told');
      await client.messagesOnceThereAre(message, LOST_HINT_MS);
    }
    expect(offsets(client)).toEqual([1, 2, 3]);
    await client.close();
  });
});

describe('the database frozen', () => {
  it('[DEL-16] connections stay, identify waits, and both go on within 5 s of its return', async () => {
    const client = await RelayClient.identified(relayUrl, { clientId: 'patient' });
    await commit('patient', 'first');
    await client.messagesOnceThereAre(1);

    database.freeze();
    const newcomer = await RelayClient.connect(relayUrl);
    newcomer.send({ type: 'identify', clientId: 'newcomer' });
    await waitUntil('the relay says so', async () => (await fetch(`${relayUrl}/readyz`)).status === 503);
    await sleep(6_000); // longer than any one statement may take
    await Promise.all([client.settled(), newcomer.settled()]);
    expect([client.closeCode, newcomer.closeCode]).toEqual([undefined, undefined]);
    expect(newcomer.frames.filter(({ type }) => type === 'identified')).toEqual([]);

    database.thaw();
    const back = performance.now();
    await newcomer.frame('identified', WORKING_AGAIN_MS);
    await waitUntil(
      'the store takes messages',
      () => commit('patient', 'second').then(Boolean),
      WORKING_AGAIN_MS,
    );
    await client.messagesOnceThereAre(2, LOST_HINT_MS);
    expect(performance.now() - back).toBeLessThan(WORKING_AGAIN_MS + LOST_HINT_MS);
    expect(await delivered(client, 'patient')).toBeLessThan(BY_HINT_MS);
    expect(offsets(client)).toEqual(upTo(offsets(client).length));
    await Promise.all([client.close(), newcomer.close()]);
  });
});
