/** Rows that somebody put into the tables of the logs by hand. */
import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { appendOne, newTarget, publish, readTexts } from '../../support/contract-database.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

let database: TestDatabase;
let byHand: Connection;
let store: ReturnType<typeof createMysqlMessageStore>;

beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  byHand = await connectTo(database.url);
  store = createMysqlMessageStore({ databaseUrl: database.url });
});
afterAll(async () => {
  await store.close();
  await byHand.end();
  await database.drop();
});

async function put(targetId: string, offset: number | string, message = 'by hand'): Promise<void> {
  await byHand.execute('INSERT INTO messages (target_id, `offset`, message) VALUES (?, ?, ?)', [
    targetId,
    offset,
    message,
  ]);
}

const read = (targetId: string) => store.readLog({ targetId, afterOffset: 0, limit: 100 });

it('[LOG-14] a row beyond the head is no part of the log, until appends come to its place and go on behind it', async () => {
  const target = newTarget();
  await appendOne(store, { targetId: target, message: 'first' });
  await put(target, 3);
  await put(target, '9223372036854775807');
  expect(await read(target)).toMatchObject({ head: 1, messages: [{ offset: 1 }] });
  expect(await appendOne(store, { targetId: target, message: 'second' })).toMatchObject({ offset: 2 });
  expect(await readTexts(store, target)).toEqual(['first', 'second']);
  expect(await appendOne(store, { targetId: target, message: 'fourth' })).toMatchObject({ offset: 4 });
  expect(await readTexts(store, target)).toEqual(['first', 'second', 'by hand', 'fourth']);
});

it('[LOG-14] a log of rows by hand alone is empty, and its first append goes behind them', async () => {
  const target = newTarget();
  for (const offset of [1, 2, 3]) await put(target, offset, `by hand ${offset}`);
  expect(await read(target)).toMatchObject({ head: 0, messages: [] });
  await byHand.execute('INSERT INTO outbox (target_id, message) VALUES (?, ?)', [target, 'by SQL']);
  for (let pages = 0; pages < 3; pages += 1) await store.movePage('');
  expect(await appendOne(store, { targetId: target, message: 'by HTTP' })).toMatchObject({ offset: 5 });
  expect(await readTexts(store, target)).toEqual([
    'by hand 1',
    'by hand 2',
    'by hand 3',
    'by SQL',
    'by HTTP',
  ]);
  expect(await rowsOf(byHand, 'SELECT id FROM outbox_refused')).toEqual([]);
});

it('[LOG-14] appends for other targets that share a commit are stored all the same', async () => {
  const [target, other] = [newTarget(), newTarget()];
  await appendOne(store, { targetId: target, message: 'first' });
  for (let offset = 2; offset < 40; offset += 1) await put(target, offset);
  const outcomes = await store.append(
    [target, other, target].map((targetId) => publish({ targetId, message: 'together' })),
  );
  expect(outcomes.map(({ kind }) => kind)).toEqual(['appended', 'appended', 'appended']);
  expect((await read(target)).head).toBe(41);
});

it('[LOG-14] bytes that are no text are read as U+FFFD, and the rest of the log with them', async () => {
  const target = newTarget();
  await appendOne(store, { targetId: target, message: 'first' });
  await byHand.query('ALTER TABLE messages MODIFY message BLOB NOT NULL');
  await byHand.query("UPDATE messages SET message = X'41EDA08042' WHERE target_id = ?", [target]);
  // On MariaDB such a row can be in a table of texts; MySQL has none.
  await byHand
    .query('ALTER TABLE messages MODIFY message TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL')
    .catch(async () => {
      await byHand.query("UPDATE messages SET message = CONVERT(X'41EFBFBDEFBFBDEFBFBD42' USING utf8mb4)");
      await byHand.query(
        'ALTER TABLE messages MODIFY message TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL',
      );
    });
  await appendOne(store, { targetId: target, message: 'second' });
  expect(await readTexts(store, target)).toEqual(['A\ufffd\ufffd\ufffdB', 'second']);
});

it('[RET-2] counters of what is no id are passed over by the retention rule, which goes on behind them', async () => {
  const target = `z-${newTarget()}`;
  await byHand.query(
    "INSERT INTO targets (target_id, head) VALUES ('', 1), ('.x', 1), ('a b', 1), ('zz z', 1)",
  );
  for (const badId of ['', '.x', 'a b', 'zz z']) await put(badId, 1);
  for (const message of ['old', 'older']) await appendOne(store, { targetId: target, message });
  const rule = { secondsMax: undefined, messagesPerTargetMax: 1 };
  for (let after: string | undefined = ''; after !== undefined; ) {
    const step = await store.deleteOldest({ ...rule, afterTargetId: after });
    after = step.kind === 'trimmed' ? step.nextAfter : after;
  }
  for (const badId of ['.x', 'zz z'])
    expect(await store.deleteOldest({ ...rule, afterTargetId: badId })).toMatchObject({ kind: 'trimmed' });
  expect(await readTexts(store, target)).toEqual(['older']);
});
