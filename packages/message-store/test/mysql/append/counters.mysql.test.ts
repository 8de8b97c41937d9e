import type { TestDatabase } from '@postline/test-support';
import type { ResultSetHeader } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { raiseCounters } from '../../../src/mysql/append/counters.ts';
import { openSession } from '../../../src/mysql/sessions/session.ts';
import { newTarget, publish } from '../../support/contract-database.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

let database: TestDatabase;
const connections: Connection[] = [];
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
});
afterAll(async () => {
  for (const connection of connections) await connection.end();
  await database.drop();
});

async function connected(): Promise<Connection> {
  const connection = await connectTo(database.url);
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  connections.push(connection);
  return connection;
}

async function insert(connection: Connection, text: string): Promise<number> {
  const [{ insertId }] = await connection.execute<ResultSetHeader>('INSERT INTO naive (message) VALUES (?)', [
    text,
  ]);
  return insertId;
}

it('[LOG-2] the naive reader of `id > last` loses a row: ids are not in commit order', async () => {
  const [slow, fast, reader] = [await connected(), await connected(), await connected()];
  await reader.query(
    'CREATE TABLE naive (id BIGINT AUTO_INCREMENT PRIMARY KEY, message TEXT) ENGINE = InnoDB',
  );
  const seen: unknown[] = [];
  let last = 0;
  const read = async () => {
    const rows = await rowsOf(reader, 'SELECT id, message FROM naive WHERE id > ? ORDER BY id', [last]);
    for (const row of rows) {
      seen.push(row['message']);
      last = Number(row['id']);
    }
  };
  await slow.query('START TRANSACTION');
  const lowerId = await insert(slow, 'lower id, later commit');
  await fast.query('START TRANSACTION');
  const higherId = await insert(fast, 'higher id, earlier commit');
  expect(higherId).toBeGreaterThan(lowerId);
  await fast.query('COMMIT');
  await read();
  await slow.query('COMMIT');
  await read();
  await read();
  expect(seen).toEqual(['higher id, earlier commit']);
  expect(await rowsOf(reader, 'SELECT id FROM naive')).toHaveLength(2);
});

it('[LOG-2] by offset the same order of events loses nothing: the second writer waits for the first', async () => {
  const store = createMysqlMessageStore({ databaseUrl: database.url });
  const slow = await connected();
  const targetId = newTarget();
  await store.append([publish({ targetId, message: 'first' })]);
  await slow.query('START TRANSACTION');
  await rowsOf(slow, 'UPDATE targets SET head = head + 1 WHERE target_id = ?', [targetId]);
  await rowsOf(slow, 'INSERT INTO messages (message, target_id, `offset`) VALUES (?, ?, 2)', [
    'slow',
    targetId,
  ]);
  const fast = store.append([publish({ targetId, message: 'fast' })]);
  expect((await store.readLog({ targetId, afterOffset: 1, limit: 10 })).messages).toEqual([]);
  await slow.query('COMMIT');
  expect(await fast).toMatchObject([{ kind: 'appended', messages: [{ offset: 3 }] }]);
  const { messages } = await store.readLog({ targetId, afterOffset: 1, limit: 10 });
  expect(messages.map(({ message }) => message)).toEqual(['slow', 'fast']);
  await store.close();
});

it('[LOG-1] targets taken in different order deadlock when they are taken naively', async () => {
  const [one, two] = [await connected(), await connected()];
  const [a, b] = [newTarget(), newTarget()];
  const raise = (connection: Connection, targetId: string) =>
    rowsOf(
      connection,
      'INSERT INTO targets (target_id, head) VALUES (?, 1) ON DUPLICATE KEY UPDATE head = head + 1',
      [targetId],
    );
  await raise(one, a);
  await raise(one, b);
  await one.query('START TRANSACTION');
  await two.query('START TRANSACTION');
  await raise(one, a);
  await raise(two, b);
  const results = await Promise.allSettled([raise(one, b), raise(two, a)]);
  expect(results.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { errno: 1213 } }]);
  await one.query('ROLLBACK');
  await two.query('ROLLBACK');
});

it('[LOG-1] transactions that name their targets in different order don’t deadlock', async () => {
  const options = { databaseUrl: database.url, role: 'write', idleSecondsMax: 10 } as const;
  const never = new AbortController().signal;
  const sessions = [await openSession(options, never), await openSession(options, never)];
  const targetIds = Array.from({ length: 400 }, () => newTarget());
  for (let round = 0; round < 40; round += 1) {
    await Promise.all(
      sessions.map(async (session, index) => {
        const order = index === 0 ? targetIds : targetIds.toReversed();
        await raiseCounters(session, new Map(order.map((targetId) => [targetId, 1])));
        await session.run('COMMIT');
      }),
    );
  }
  const { heads } = await raiseCounters(sessions[0]!, new Map(targetIds.map((targetId) => [targetId, 2])));
  expect(targetIds.map((targetId) => heads.get(targetId))).toEqual(targetIds.map(() => 82));
  for (const session of sessions) session.close();
});

it('[SQL-5] heads read with the outbox in one INSERT wait for an application that publishes by SQL', async () => {
  const [application, naive] = [await connected(), await connected()];
  const store = createMysqlMessageStore({ databaseUrl: database.url });
  const targetId = newTarget();
  await application.query('START TRANSACTION');
  await application.query('CALL publish_message(?, ?)', [newTarget(), 'not committed yet']);
  await naive.query('SET innodb_lock_wait_timeout = 1');
  // MariaDB waits for the application's row in vain; MySQL has no RETURNING.
  await expect(
    naive.query(
      'INSERT INTO targets (target_id, head) VALUES (?, 1) ON DUPLICATE KEY UPDATE head = head + 1 RETURNING head, EXISTS (SELECT 1 FROM outbox)',
      [targetId],
    ),
  ).rejects.toMatchObject({ errno: expect.toSatisfy((errno) => errno === 1205 || errno === 1064) });
  expect(await store.append([publish({ targetId, message: 'not held up' })])).toMatchObject([
    { kind: 'appended' },
  ]);
  await application.query('ROLLBACK');
  await store.close();
});
