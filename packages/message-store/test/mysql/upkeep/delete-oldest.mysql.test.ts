import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { deleteOldestRows } from '../../../src/mysql/upkeep/delete-oldest.ts';
import { openSession } from '../../../src/mysql/sessions/session.ts';
import { writeUncommitted } from '../support/write-uncommitted.ts';
import { appended, newTarget, publish, readTexts } from '../../support/contract-database.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

const RULE = { secondsMax: undefined, messagesPerTargetMax: 1, afterTargetId: '' };

let database: TestDatabase;
let observer: Connection;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  observer = await connectTo(database.url);
});
afterAll(async () => {
  await observer.end();
  await database.drop();
});

const session = (role: 'save' | 'write') =>
  openSession({ databaseUrl: database.url, role, idleSecondsMax: 10 }, new AbortController().signal);

it('[RET-3] a publisher that is in the middle of its transaction delays no deletion, and is delayed by none', async () => {
  const store = createMysqlMessageStore({ databaseUrl: database.url });
  const targetId = newTarget();
  const messages = Array.from({ length: 60 }, (_, index) => ({ targetId, message: String(index + 1) }));
  await store.append([publish(...messages)]);
  const [publishing, deleting] = [await session('write'), await session('save')];
  await writeUncommitted(publishing, { requests: [publish({ targetId, message: '61' })], moveFor: [] });
  expect(await deleteOldestRows(deleting, RULE)).toMatchObject({ kind: 'trimmed', deletedCount: 59 });
  await publishing.run('COMMIT');
  expect(await readTexts(store, targetId)).toEqual(['60', '61']);

  // A deletion whose commit is still to come.
  await deleting.run('SET autocommit = 0');
  expect(await deleteOldestRows(deleting, RULE)).toMatchObject({ deletedCount: 1 });
  const startedAt = performance.now();
  const [outcome] = await store.append([publish({ targetId, message: '62' })]);
  expect(appended(outcome)[0]?.offset).toBe(62);
  expect(performance.now() - startedAt).toBeLessThan(900);
  await deleting.run('COMMIT');
  expect(await readTexts(store, targetId)).toEqual(['61', '62']);
  publishing.destroy();
  deleting.destroy();
  await store.close();
});

it('[RET-3] one process at a time deletes', async () => {
  const [lock] = await rowsOf(
    observer,
    "SELECT GET_LOCK(CONCAT('postline-retention:', LEFT(SHA2(DATABASE(), 256), 36)), 0) AS taken",
  );
  expect(Number(lock?.['taken'])).toBe(1);
  const deleting = await session('save');
  expect(await deleteOldestRows(deleting, RULE)).toEqual({ kind: 'busy' });
  await rowsOf(
    observer,
    "SELECT RELEASE_LOCK(CONCAT('postline-retention:', LEFT(SHA2(DATABASE(), 256), 36))) AS released",
  );
  expect(await deleteOldestRows(deleting, RULE)).toMatchObject({ kind: 'trimmed' });
  expect(await deleteOldestRows(deleting, RULE)).toMatchObject({ kind: 'trimmed' });
  deleting.destroy();
});
