import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { MessageStore } from '../../../src/message-store.ts';
import type { Outbox } from '../../../src/outbox.ts';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { appended, newTarget, publish } from '../../support/contract-database.ts';
import { moveAll } from '../support/group-calls.ts';
import { connectTo, createMigratedDatabase } from '../support/migrated-database.ts';

let database: TestDatabase;
let store: MessageStore & Outbox;
let application: Connection;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  store = createMysqlMessageStore({ databaseUrl: database.url });
  application = await connectTo(database.url);
});
afterAll(async () => {
  await store.close();
  await application.end();
  await database.drop();
});

/** Appends one message, or two, which takes other statements. */
async function append(...texts: readonly string[]): Promise<void> {
  const messages = texts.map((message) => ({ targetId: newTarget(), message }));
  const [outcome] = await store.append([publish(...messages)]);
  expect(appended(outcome).length).toBe(texts.length);
}

it('[SQL-2] an append that finds the outbox empty says so, as of its start; not while rows wait', async () => {
  const startedMs = performance.now();
  await append('alone');
  const afterOneMs = store.emptyAtMs;
  expect(afterOneMs).toBeGreaterThanOrEqual(startedMs);
  expect(afterOneMs).toBeLessThan(performance.now());
  await append('a', 'b');
  const afterTwoMs = store.emptyAtMs;
  expect(afterTwoMs).toBeGreaterThan(afterOneMs);

  await application.beginTransaction();
  await application.execute('CALL publish_message(?, ?)', [newTarget(), 'by SQL']);
  await append('beside an open transaction');
  const beforeCommitMs = store.emptyAtMs;
  expect(beforeCommitMs).toBeGreaterThan(afterTwoMs);
  await application.commit();
  await append('while a row of another target waits');
  expect(store.emptyAtMs).toBe(beforeCommitMs);
  await moveAll(store);
  await append('when it was moved');
  expect(store.emptyAtMs).toBeGreaterThan(beforeCommitMs);
});

it('[SQL-2] an append that the database does not answer says nothing of the outbox', async () => {
  const lost = createMysqlMessageStore({ databaseUrl: 'mysql://root@127.0.0.1:1/none' });
  await expect(lost.append([publish({ targetId: newTarget(), message: 'lost' })])).rejects.toThrow();
  expect(lost.emptyAtMs).toBe(-Infinity);
  await lost.close();
});
