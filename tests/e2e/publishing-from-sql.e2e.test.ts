import { setTimeout as sleep } from 'node:timers/promises';
import { publish, type ReceivedFrame, RelayClient, startApi, startStandalone } from '@postline/test-support';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTwoApiSystem, type TwoApiSystem } from './system.ts';

const DELIVERED_WITHIN_MS = 2_000;
/** Longer than every lock wait of ours (1 s), the deadline of a call (4 s) and the silence of a writer (10 s). */
const LEFT_OPEN_MS = 15_000;

let system: TwoApiSystem;
let application: Connection;

beforeAll(async () => {
  system = await startTwoApiSystem();
});
afterAll(async () => {
  await system.stop();
});
beforeEach(async () => {
  application = await createConnection(system.database.url);
});
afterEach(async () => {
  await application.end();
});

const call = (connection: Connection, targetId: string, message: string) =>
  connection.execute('CALL publish_message(?, ?)', [targetId, message]);

const dataOf = (frames: readonly ReceivedFrame[]) => frames.map((frame) => frame['data']);
const offsetsOf = (frames: readonly ReceivedFrame[]) => frames.map((frame) => frame['offset']);
const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('an application that publishes inside its own transaction', () => {
  it('[SQL-1] is never heard of where it rolls back', async () => {
    const reader = await RelayClient.identified(system.relay.url, { clientId: 'rolled-back' });
    await application.beginTransaction();
    await call(application, 'rolled-back', 'never');
    await sleep(DELIVERED_WITHIN_MS);
    await application.rollback();
    await publish(system.api.url, { message: 'by HTTP', targetId: 'rolled-back' });
    await sleep(DELIVERED_WITHIN_MS);
    expect(dataOf(reader.messages())).toEqual(['by HTTP']);
    expect(offsetsOf(reader.messages())).toEqual([1]);
    await reader.close();
  });

  it('[SQL-2] is heard within 2 s of its commit, and not before', async () => {
    const reader = await RelayClient.identified(system.relay.url, { clientId: 'committed' });
    for (let round = 1; round <= 10; round += 1) {
      await application.beginTransaction();
      await call(application, 'committed', `round ${round}`);
      await reader.settled();
      expect(reader.messages()).toHaveLength(round - 1);
      await application.commit();
      await reader.messagesOnceThereAre(round, DELIVERED_WITHIN_MS);
    }
    await reader.close();
  });

  it('[SQL-3] has its messages delivered in the order of its calls', async () => {
    const reader = await RelayClient.identified(system.relay.url, { clientId: 'ordered' });
    const texts = numbersTo(300).map(String);
    await application.beginTransaction();
    for (const text of texts) await call(application, 'ordered', text);
    await application.commit();
    expect(dataOf(await reader.messagesOnceThereAre(texts.length, DELIVERED_WITHIN_MS))).toEqual(texts);
    await reader.close();
  });

  it('[SQL-4] comes before whatever is posted after its commit, to any API', async () => {
    const expected: string[] = [];
    for (let round = 0; round < 30; round += 1) {
      await application.beginTransaction();
      await call(application, 'posted-after', `sql ${round}`);
      await application.commit();
      const url = round % 2 === 0 ? system.api.url : system.secondApi.url;
      const { body } = await publish(url, { message: `post ${round}`, targetId: 'posted-after' });
      expected.push(`sql ${round}`, `post ${round}`);
      expect(body['offset']).toBe(expected.length);
    }
    const resume = { epoch: 'of no log', offsets: { 'posted-after': 0 } };
    const reader = await RelayClient.identified(system.relay.url, { clientId: 'posted-after', resume });
    expect(dataOf(await reader.messagesOnceThereAre(expected.length))).toEqual(expected);
    await reader.close();
  });

  it('[LOG-1] [SQL-3] leaves no gap and keeps each writer’s order, beside other applications and two APIs', async () => {
    const [sqlWriters, postWriters, messagesEach] = [4, 8, 40];
    const reader = await RelayClient.identified(system.relay.url, { clientId: 'crowded' });
    const bySql = Array.from({ length: sqlWriters }, async (_, writer) => {
      const connection = await createConnection(system.database.url);
      for (let index = 0; index < messagesEach; index += 4) {
        await connection.beginTransaction();
        for (let part = 0; part < 4; part += 1)
          await call(connection, 'crowded', `sql ${writer} ${index + part}`);
        await connection.commit();
      }
      await connection.end();
    });
    const byPost = Array.from({ length: postWriters }, async (_, writer) => {
      for (let index = 0; index < messagesEach; index += 1) {
        const url = (writer + index) % 2 === 0 ? system.api.url : system.secondApi.url;
        const answer = await publish(url, { message: `post ${writer} ${index}`, targetId: 'crowded' });
        expect(answer.status).toBe(201);
      }
    });
    await Promise.all([...bySql, ...byPost]);
    const total = (sqlWriters + postWriters) * messagesEach;
    const frames = await reader.messagesOnceThereAre(total, 10_000);
    expect(offsetsOf(frames)).toEqual(numbersTo(total));
    const indexesOf = (writer: string) =>
      dataOf(frames).flatMap((data) =>
        String(data).startsWith(`${writer} `) ? [Number(String(data).split(' ')[2])] : [],
      );
    const inOrder = Array.from({ length: messagesEach }, (_, index) => index);
    for (let writer = 0; writer < sqlWriters; writer += 1)
      expect(indexesOf(`sql ${writer}`)).toEqual(inOrder);
    for (let writer = 0; writer < postWriters; writer += 1)
      expect(indexesOf(`post ${writer}`)).toEqual(inOrder);
    await reader.close();
  });

  it('[SQL-5] delays no publisher while it stays open, not even those for the same targets', async () => {
    const [mine, theirs] = ['open-mine', 'open-theirs'];
    const readers = await Promise.all(
      [mine, theirs].map((clientId) => RelayClient.identified(system.relay.url, { clientId })),
    );
    await application.beginTransaction();
    for (const targetId of [mine, theirs]) await call(application, targetId, 'from the open transaction');
    const bystander = await createConnection(system.database.url);
    const times: number[] = [];
    let count = 0;
    for (const end = performance.now() + LEFT_OPEN_MS; performance.now() < end; count += 1) {
      const url = count % 2 === 0 ? system.api.url : system.secondApi.url;
      const startedAt = performance.now();
      const answers = await Promise.all(
        [mine, theirs].map((targetId) => publish(url, { message: `post ${count}`, targetId })),
      );
      times.push(performance.now() - startedAt);
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      await call(bystander, theirs, `sql ${count}`);
      await sleep(50);
    }
    await readers[0]!.messagesOnceThereAre(count, DELIVERED_WITHIN_MS);
    await readers[1]!.messagesOnceThereAre(2 * count, DELIVERED_WITHIN_MS);
    expect(Math.max(...times)).toBeLessThan(1_000);
    await application.commit();
    expect((await readers[0]!.messagesOnceThereAre(count + 1, DELIVERED_WITHIN_MS)).at(-1)).toMatchObject({
      data: 'from the open transaction',
      offset: count + 1,
    });
    await bystander.end();
    await Promise.all(readers.map((reader) => reader.close()));
  });

  it('[SQL-5] is never our deadlock’s victim, whatever it does in which order', async () => {
    const targetIds = ['deadlock-a', 'deadlock-b', 'deadlock-c'];
    let posting = true;
    const posts = [system.api.url, system.secondApi.url].flatMap((url) =>
      [targetIds, targetIds.toReversed()].map(async (order) => {
        while (posting) {
          const messages = order.map((targetId) => ({ targetId, message: 'post' }));
          const response = await fetch(`${url}/messages/batch`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ messages }),
          });
          expect(response.status).toBe(201);
          await response.arrayBuffer();
        }
      }),
    );
    const applications = [targetIds, targetIds.toReversed()].map(async (order) => {
      const connection = await createConnection(system.database.url);
      for (let round = 0; round < 30; round += 1) {
        await connection.beginTransaction();
        for (const targetId of [...order, ...order]) {
          await call(connection, targetId, 'by SQL');
          await sleep(5); // other transactions come in between
        }
        await (round % 3 === 0 ? connection.rollback() : connection.commit());
      }
      await connection.end();
    });
    const results = await Promise.allSettled(applications);
    posting = false;
    await Promise.all(posts);
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
  });
});

it('[SQL-2] an API that was killed leaves nothing in the outbox that another would not move', async () => {
  const reader = await RelayClient.identified(system.relay.url, { clientId: 'survivor' });
  const dying = await startApi(system.servers, { OUTBOX_INTERVAL_MS: '10' });
  for (let index = 0; index < 50; index += 1) {
    await call(application, 'survivor', String(index));
    if (index === 25) await dying.kill();
  }
  const frames = await reader.messagesOnceThereAre(50, 5_000);
  expect(dataOf(frames)).toEqual(numbersTo(50).map((number) => String(number - 1)));
  await reader.close();
});

it('[SQL-2] both services in one process move it too', async () => {
  const { databaseUrl, redisUrl, redisPrefix } = system.servers;
  const standalone = await startStandalone({
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    REDIS_PREFIX: redisPrefix,
  });
  const reader = await RelayClient.identified(standalone.relayUrl, { clientId: 'one-process' });
  await call(application, 'one-process', 'by SQL');
  expect(dataOf(await reader.messagesOnceThereAre(1, DELIVERED_WITHIN_MS))).toEqual(['by SQL']);
  await reader.close();
  expect(await standalone.stop()).toBe(0);
});
