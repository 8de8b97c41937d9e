import { type TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { MessageStore } from '../../../src/message-store.ts';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { appendInTransaction } from '../../../src/mysql/append/append-transaction.ts';
import { openSession, type Session } from '../../../src/mysql/sessions/session.ts';
import { appended, newTarget, publish, readTexts } from '../../support/contract-database.ts';
import { connectTo, createMigratedDatabase } from '../support/migrated-database.ts';

let database: TestDatabase;
let store: MessageStore;
let application: Connection;
let session: Session;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  store = createMysqlMessageStore({ databaseUrl: database.url });
  application = await connectTo(database.url);
  const options = { databaseUrl: database.url, role: 'write', idleSecondsMax: 10 } as const;
  session = await openSession(options, new AbortController().signal);
});
afterAll(async () => {
  session.close();
  await application.end();
  await store.close();
  await database.drop();
});

/** Statements that the session is answered for one append, its COMMIT included. */
async function answersFor(request: ReturnType<typeof publish>): Promise<number> {
  const before = session.answers;
  const { kind } = await appendInTransaction(session, { requests: [request] });
  expect(kind).toBe('done');
  return session.answers - before;
}

it('[LOG-1] a message that is alone takes one round trip on MariaDB, its COMMIT included', async () => {
  const targetId = newTarget();
  await answersFor(publish({ targetId: newTarget(), message: 'the session gets its fence' }));
  expect(await answersFor(publish({ targetId, message: 'first' }))).toBe(session.takesBlocks ? 1 : 4);
  expect(await answersFor(publish({ targetId, message: 'second ✓' }))).toBe(session.takesBlocks ? 1 : 4);
  const { messages } = await store.readLog({ targetId, afterOffset: 0, limit: 10 });
  expect(messages).toMatchObject([
    { offset: 1, message: 'first', targetId },
    { offset: 2, message: 'second ✓', targetId },
  ]);
});

it('[LOG-1] where no block is taken, the same is done by statements of their own', async () => {
  const targetId = newTarget();
  const { takesBlocks } = session;
  session.takesBlocks = false;
  expect(await answersFor(publish({ targetId, message: 'by statements' }))).toBe(4);
  expect(await session.selectInBlock('BEGIN NOT A BLOCK', [])).toBeUndefined();
  expect(session.takesBlocks).toBe(false);
  session.takesBlocks = takesBlocks;
  expect(await answersFor(publish({ targetId, message: 'by block' }))).toBe(takesBlocks ? 1 : 4);
  expect(await readTexts(store, targetId)).toEqual(['by statements', 'by block']);
});

it('[SQL-2] what waits in the outbox for its target comes before it', async () => {
  const targetId = newTarget();
  await application.query('CALL publish_message(?, ?)', [targetId, 'by SQL']);
  const [outcome] = await store.append([publish({ targetId, message: 'by HTTP' })]);
  expect(appended(outcome)).toMatchObject([{ offset: 2 }]);
  expect(await readTexts(store, targetId)).toEqual(['by SQL', 'by HTTP']);
});

it('[SQL-5] it waits for no application that is just publishing by SQL', async () => {
  const targetId = newTarget();
  await application.query('START TRANSACTION');
  await application.query('CALL publish_message(?, ?)', [targetId, 'not committed yet']);
  const [outcome] = await store.append([publish({ targetId, message: 'not held up' })]);
  expect(appended(outcome)).toMatchObject([{ offset: 1 }]);
  await application.query('ROLLBACK');
});

it('[PUB-6] a publisher’s name is stored with it, and a key is looked up as before', async () => {
  const targetId = newTarget();
  const named = { ...publish({ targetId, message: 'named' }), publisher: 'billing' };
  expect(appended((await store.append([named]))[0])).toMatchObject([{ offset: 1, replayed: false }]);
  const keyed = publish({ targetId, message: 'keyed', idempotencyKey: `key-${targetId}` });
  expect(appended((await store.append([keyed]))[0])).toMatchObject([{ offset: 2, replayed: false }]);
  expect(appended((await store.append([keyed]))[0])).toMatchObject([{ offset: 2, replayed: true }]);
  const [rows] = await application.query('SELECT publisher FROM messages WHERE target_id = ? ORDER BY id', [
    targetId,
  ]);
  expect(rows).toEqual([{ publisher: 'billing' }, { publisher: '' }]);
});
