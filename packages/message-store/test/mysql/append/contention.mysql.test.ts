import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import type { MessageStore } from '../../../src/message-store.ts';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { openSession } from '../../../src/mysql/sessions/session.ts';
import { appended, newTarget, publish, readTexts } from '../../support/contract-database.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

let database: TestDatabase;
let store: MessageStore;
let application: Connection;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  store = createMysqlMessageStore({ databaseUrl: database.url });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});
beforeEach(async () => {
  application = await connectTo(database.url);
  await application.query('SET SESSION innodb_lock_wait_timeout = 1');
});
afterEach(async () => {
  await application.end();
});

async function hold(targetId: string): Promise<void> {
  await application.query('START TRANSACTION');
  await rowsOf(
    application,
    'INSERT INTO targets (target_id, head) VALUES (?, 1) ON DUPLICATE KEY UPDATE head = head + 1',
    [targetId],
  );
}

for (const state of ['existed before', 'exists only in the other transaction'] as const) {
  it(`[LOG-10] a held counter that ${state} delays only the requests for its target`, async () => {
    const [held, free, alsoFree] = [newTarget(), newTarget(), newTarget()];
    if (state === 'existed before') await store.append([publish({ targetId: held, message: 'early' })]);
    await hold(held);
    const outcomes = await store.append([
      publish({ targetId: free, message: '1' }),
      publish({ targetId: held, message: 'waits' }),
      publish({ targetId: alsoFree, message: '1' }, { targetId: held, message: 'waits too' }),
      publish({ targetId: alsoFree, message: 'only' }, { targetId: free, message: '2' }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['appended', 'contended', 'contended', 'appended']);
    expect(await readTexts(store, free)).toEqual(['1', '2']);
    expect(await readTexts(store, alsoFree)).toEqual(['only']);
    await application.query('ROLLBACK');
    const [late] = await store.append([publish({ targetId: held, message: 'now' })]);
    expect(appended(late)[0]?.offset).toBe(state === 'existed before' ? 2 : 1);
  });
}

it('[LOG-10] other appends go on while one waits for a held counter', async () => {
  const [held, free] = [newTarget(), newTarget()];
  await hold(held);
  const order: string[] = [];
  const append = (targetId: string, name: string) =>
    store.append([publish({ targetId, message: 'x' })]).finally(() => order.push(name));
  const [waiting] = await Promise.all([append(held, 'held'), append(free, 'free')]);
  expect(order).toEqual(['free', 'held']);
  expect(waiting.map(({ kind }) => kind)).toEqual(['contended']);
});

it('[LOG-10] after a wait that failed no neighbour stays locked: error 1205 alone would undo only its statement', async () => {
  const [held, free] = [newTarget(), newTarget()];
  await store.append([publish({ targetId: free, message: '1' }), publish({ targetId: held, message: '1' })]);

  // The naive way: go on after 1205 without a rollback.
  await hold(held);
  const naive = await connectTo(database.url);
  await naive.query('SET SESSION innodb_lock_wait_timeout = 1');
  await naive.query('START TRANSACTION');
  await rowsOf(naive, 'UPDATE targets SET head = head + 1 WHERE target_id = ?', [free]);
  await expect(
    rowsOf(naive, 'UPDATE targets SET head = head + 1 WHERE target_id = ?', [held]),
  ).rejects.toMatchObject({ errno: 1205 });
  const outsider = await connectTo(database.url);
  const lockFree = () =>
    rowsOf(outsider, 'SELECT head FROM targets WHERE target_id = ? FOR UPDATE NOWAIT', [free]);
  await expect(lockFree()).rejects.toThrow();
  await naive.end();

  const outcomes = await store.append([
    publish({ targetId: free, message: '2' }, { targetId: held, message: '2' }),
  ]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['contended']);
  expect(await lockFree()).toEqual([{ head: 1 }]);
  await outsider.end();
});

it('[LOG-10] a writer that falls silent in mid-transaction loses its locks with its connection', async () => {
  const targetId = newTarget();
  const databaseUrl = database.url;
  const frozen = await openSession(
    { databaseUrl, role: 'write', idleSecondsMax: 2 },
    new AbortController().signal,
  );
  await frozen.change('INSERT INTO targets (target_id, head) VALUES (?, 1)', [targetId]);
  expect((await store.append([publish({ targetId, message: 'x' })]))[0]?.kind).toBe('contended');
  for (;;) {
    const [outcome] = await store.append([publish({ targetId, message: 'x' })]);
    if (outcome?.kind === 'contended') continue;
    expect(appended(outcome)[0]?.offset).toBe(1);
    break;
  }
  frozen.destroy();
});

it('[PUB-6] a race for one key between two targets ends with one message and one conflict', async () => {
  const other = createMysqlMessageStore({ databaseUrl: database.url });
  for (let round = 0; round < 30; round += 1) {
    const targets = [newTarget(), newTarget()];
    const outcomes = await Promise.all(
      targets.map((targetId, index) =>
        (index === 0 ? store : other).append([
          { publisher: 'racer', messages: [{ targetId, message: 'x', idempotencyKey: `race-${round}` }] },
        ]),
      ),
    );
    expect(outcomes.map(([outcome]) => outcome?.kind).sort()).toEqual(['appended', 'idempotency-key-reused']);
    const { heads } = await store.readHeads(targets);
    expect([...heads.values()].map(({ head }) => head).sort()).toEqual([0, 1]);
  }
  await other.close();
});
