import { type DatabaseServer, startDatabase, TcpProxy, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { MessageStore } from '../../../src/message-store.ts';
import { createMysqlMessageStore, migrate } from '../../../src/mysql/index.ts';
import { newTarget, publish } from '../../support/contract-database.ts';
import { connectTo, MIGRATIONS, rowsOf } from '../support/migrated-database.ts';

const DEADLINE_MS = 1_500;
const SLACK_MS = 700;
const BACK_WITHIN_MS = 5_000;

let server: DatabaseServer;
let databaseUrl: string;
let store: MessageStore;
beforeAll(async () => {
  server = await startDatabase();
  databaseUrl = (await server.createDatabase()).url;
  await migrate({ databaseUrl, folder: MIGRATIONS });
});
afterAll(async () => {
  server.thaw();
  await store.close();
  await server.stop();
});
beforeEach(async () => {
  store = createMysqlMessageStore({ databaseUrl, deadlineMs: DEADLINE_MS });
  await store.checkReady();
});

const SILENCE_MS = 100;

/** Freezes the server, and waits until it is: a signal takes its time to reach every thread. */
async function freeze(): Promise<void> {
  const probe = await connectTo(databaseUrl);
  server.freeze();
  const silence = () => new Promise<boolean>((resolve) => setTimeout(resolve, SILENCE_MS, true));
  const answer = () => probe.query('SELECT 1').then(() => false);
  await waitUntil('the database is frozen', () => Promise.race([answer(), silence()]));
  probe.destroy();
}

const appendOnce = () => store.append([publish({ targetId: newTarget(), message: 'x' })]);

function calls(): Promise<unknown>[] {
  const targetId = newTarget();
  return [
    appendOnce(),
    store.readLog({ targetId, afterOffset: 0, limit: 10 }),
    store.readHeads([targetId]),
    store.checkReady(),
  ];
}

async function expectUnavailable(pending: readonly Promise<unknown>[]): Promise<number> {
  const startedAt = performance.now();
  for (const result of await Promise.allSettled(pending)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
  }
  return performance.now() - startedAt;
}

it('[LOG-8] a frozen database: every call ends in time, and afterwards everything works by itself', async () => {
  await Promise.all(calls());
  await freeze();
  const milliseconds = await expectUnavailable(Array.from({ length: 50 }, calls).flat());
  expect(milliseconds).toBeLessThan(DEADLINE_MS + SLACK_MS);
  expect(await expectUnavailable(calls())).toBeLessThan(DEADLINE_MS + SLACK_MS); // on connections that are new
  server.thaw();
  await waitUntil('the store works again', () => Promise.all(calls()), BACK_WITHIN_MS);
});

it('[LOG-8] a call that ended without an answer leaves no connection behind', async () => {
  const proxy = await TcpProxy.start(Number(new URL(databaseUrl).port));
  const proxied = createMysqlMessageStore({
    databaseUrl: proxy.urlThrough(databaseUrl),
    deadlineMs: DEADLINE_MS,
  });
  await proxied.readHeads(['1']);
  expect(proxy.connectionCount()).toBe(1);
  await freeze();
  await expectUnavailable([proxied.readHeads(['1']), proxied.checkReady(), proxied.checkReady()]);
  await waitUntil('the connections are gone', () => proxy.connectionCount() === 0, SLACK_MS);
  server.thaw();
  await waitUntil('the store works again', () => proxied.readHeads(['1']), BACK_WITHIN_MS);
  await proxied.close();
  await proxy.close();
});

it('[LOG-8] the driver alone would wait for a frozen database for as long as it is frozen', async () => {
  const naive = await connectTo(databaseUrl);
  await freeze();
  const statement = rowsOf(naive, 'SELECT 1').then(
    () => 'answered',
    () => 'failed',
  );
  const later = new Promise((resolve) => setTimeout(resolve, DEADLINE_MS + SLACK_MS, 'still waiting'));
  expect(await Promise.race([statement, later])).toBe('still waiting');
  server.thaw();
  expect(await statement).toBe('answered');
  await naive.end();
});

it('[LOG-8] a killed database: calls fail at once, and work again once it is back', async () => {
  await Promise.all(calls());
  await server.kill();
  expect(await expectUnavailable(calls())).toBeLessThan(DEADLINE_MS);
  expect(await expectUnavailable(calls())).toBeLessThan(DEADLINE_MS);
  await server.startAgain();
  await waitUntil('the store works again', () => Promise.all(calls()), BACK_WITHIN_MS);
});

it('[LOG-8] a database that is killed while it is written to: no offset is lost or given twice', async () => {
  const targetId = newTarget();
  const acknowledged: string[] = [];
  const writing = { isOver: false };
  const writer = (async () => {
    for (let index = 0; !writing.isOver; index += 1) {
      const [result] = await Promise.allSettled([
        store.append([publish({ targetId, message: `m${index}` })]),
      ]);
      if (result.status !== 'fulfilled') continue;
      const [outcome] = result.value;
      if (outcome?.kind === 'appended') acknowledged.push(`${outcome.messages[0]!.offset} m${index}`);
    }
  })();
  await waitUntil('some messages are stored', () => acknowledged.length > 50);
  await server.kill();
  await server.startAgain();
  const before = acknowledged.length;
  await waitUntil('more messages are stored', () => acknowledged.length > before + 50);
  writing.isOver = true;
  await writer;
  const { head, messages } = await store.readLog({ targetId, afterOffset: 0, limit: 100_000 });
  expect(messages.map(({ offset }) => offset)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
  const stored = new Set(messages.map(({ offset, message }) => `${offset} ${message}`));
  expect(acknowledged.filter((place) => !stored.has(place))).toEqual([]);
});

it('connections that the database ended while they were idle disturb nobody', async () => {
  await Promise.all(calls());
  const administrator = await connectTo(databaseUrl);
  const others = await rowsOf(
    administrator,
    'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()',
  );
  expect(others.length).toBeGreaterThan(0);
  for (const { id } of others) await administrator.query(`KILL ${id}`).catch(() => undefined);
  await Promise.all(calls());
  await administrator.end();
});

it('connections are bounded, and those who wait for one too', async () => {
  const small = createMysqlMessageStore({ databaseUrl, readerConnectionsMax: 2, waitingCallsMax: 10 });
  const results = await Promise.allSettled(Array.from({ length: 40 }, () => small.readHeads(['1'])));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(12);
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'store_unavailable', cause: { code: 'slots_exhausted' } },
  });
  await small.close();
});
