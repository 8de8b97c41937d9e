import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import {
  readHeadsStatement,
  readMarksStatement,
  readRowsByIdStatement,
} from '../../../src/mysql/reading/read-heads.ts';
import { READ_EARLIER_LOG_STATEMENT, READ_LOG_STATEMENT } from '../../../src/mysql/reading/read-log.ts';
import { CERTAIN_SEARCH } from '../../../src/mysql/reading/read-stream-starts.ts';
import { publish } from '../../support/contract-database.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';
import { statementWork } from '../support/statement-work.ts';

const ROWS = 3_000;
const PAGE = 10;
const TARGETS = 5_000;

let database: TestDatabase;
let connection: Connection;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  connection = await connectTo(database.url);
  const store = createMysqlMessageStore({ databaseUrl: database.url });
  for (const targetId of ['long', 'other']) {
    for (let from = 0; from < ROWS; from += 1_000) {
      const messages = Array.from({ length: 1_000 }, (_, index) => ({
        targetId,
        message: `${from + index + 1}`,
      }));
      await store.append([publish(...messages)]);
    }
  }
  await store.close();
  await connection.query('ANALYZE TABLE messages');
});
afterAll(async () => {
  await connection.end();
  await database.drop();
});

/** How many rows the server takes from indexes and tables for a statement, beside single look-ups, and sorts. */
async function work(statement: string, values: readonly (string | number)[]) {
  const { rows, counters } = await statementWork(connection, statement, values);
  const count = (names: readonly string[]) => names.reduce((sum, name) => sum + (counters.get(name) ?? 0), 0);
  return {
    rows,
    rowsRead: count(SCAN_COUNTERS),
    rowsSorted: count(['Sort_rows']),
  };
}

const SCAN_COUNTERS = ['Handler_read_next', 'Handler_read_prev', 'Handler_read_rnd', 'Handler_read_rnd_next'];

it('a page of a long log reads as many rows as it has, and sorts none', async () => {
  const { rows, rowsRead, rowsSorted } = await work(READ_LOG_STATEMENT, [
    'long',
    65_535,
    'long',
    100,
    String(PAGE),
  ]);
  expect(rows).toHaveLength(PAGE + 1);
  expect(rows.at(-1)).toMatchObject({ offset: 100 + PAGE });
  expect(rowsRead).toBeLessThanOrEqual(PAGE + 2);
  expect(rowsSorted).toBe(0);
});

it('a page costs the same wherever in the log it begins: it is a range of the index, never a scan', async () => {
  for (const after of [0, 100, ROWS - PAGE]) {
    const { rows, rowsRead } = await work(READ_LOG_STATEMENT, ['long', 65_535, 'long', after, String(PAGE)]);
    expect(rows).toHaveLength(PAGE + 1);
    expect(rowsRead).toBeLessThanOrEqual(PAGE + 2);
  }
  const plan = await rowsOf(connection, `EXPLAIN FORMAT=TRADITIONAL ${READ_LOG_STATEMENT}`, [
    'long',
    65_535,
    'long',
    0,
    String(PAGE),
  ]);
  const rowsOfLog = plan.find((row) => row['table'] === 'm');
  expect(rowsOfLog).toMatchObject({ type: 'range', key: 'messages_target_offset' });
  expect(plan.map((row) => String(row['Extra'])).join()).not.toContain('filesort');
});

it('[LOG-16] a page back from any place reads as many rows as it has, and sorts none', async () => {
  for (const before of [PAGE + 1, 100, ROWS + 1, Number.MAX_SAFE_INTEGER]) {
    const values = ['long', 65_535, 'long', 0, before, 'long', String(PAGE)];
    const { rows, rowsRead, rowsSorted } = await work(READ_EARLIER_LOG_STATEMENT, values);
    expect(rows).toHaveLength(PAGE + 1);
    expect(rows.at(1)).toMatchObject({ offset: Math.min(before, ROWS + 1) - 1 });
    expect([rowsRead <= PAGE + 2, rowsSorted]).toEqual([true, 0]);
    const explain = `EXPLAIN FORMAT=TRADITIONAL ${READ_EARLIER_LOG_STATEMENT}`;
    const plan = await rowsOf(connection, explain, values);
    expect(plan.find((row) => row['table'] === 'm')).toMatchObject({ key: 'messages_target_offset' });
    expect(plan.map((row) => String(row['Extra'])).join()).not.toContain('filesort');
  }
});

it('the comparison of heads finds each by its key, however many targets there are', async () => {
  const ids = Array.from({ length: TARGETS }, (_, index) => `many-${index}`);
  await rowsOf(
    connection,
    `INSERT INTO targets (target_id, head) VALUES ${ids.map(() => '(?, 1)').join()}`,
    ids,
  );
  await connection.query('ANALYZE TABLE targets');
  for (const count of [1, 64, 512]) {
    const asked = ids.slice(0, count);
    const { rows, rowsRead, rowsSorted } = await work(readHeadsStatement(count), asked);
    expect(rows).toHaveLength(1 + count);
    expect(rowsRead).toBeLessThanOrEqual(1 + count + 2);
    expect(rowsSorted).toBe(0);
    const plan = await rowsOf(connection, `EXPLAIN FORMAT=TRADITIONAL ${readHeadsStatement(count)}`, asked);
    expect(plan.find((row) => row['table'] === 't')).toMatchObject({ key: 'PRIMARY' });
  }
});

it('[EPO-4] the row at a head costs one more look-up by its key', async () => {
  const ids = ['long', 'other'];
  const { rows, rowsRead } = await work(readHeadsStatement(2), ids);
  const [epoch, ...heads] = rows;
  expect(epoch?.['epoch']).not.toBeNull();
  expect(heads.map((row) => Number(row['head']))).toEqual([ROWS, ROWS]);
  expect(heads.every((row) => row['id'] !== null)).toBe(true);
  expect(rowsRead).toBeLessThanOrEqual(5);
  const plan = await rowsOf(connection, `EXPLAIN FORMAT=TRADITIONAL ${readHeadsStatement(2)}`, ids);
  expect(plan.find((row) => row['table'] === 'm')).toMatchObject({
    type: 'eq_ref',
    key: 'messages_target_offset',
  });
});

it('[EPO-4] rows at known places are found by their keys, however many', async () => {
  for (const count of [1, 64]) {
    const places = Array.from({ length: count }, (_, index) => ['long', 2 * index + 1]).flat();
    const { rows, rowsRead, rowsSorted } = await work(readMarksStatement(count), places);
    expect(rows).toHaveLength(count);
    expect([rowsRead <= count + 2, rowsSorted]).toEqual([true, 0]);
    const plan = await rowsOf(connection, `EXPLAIN FORMAT=TRADITIONAL ${readMarksStatement(count)}`, places);
    expect(plan[0]).toMatchObject({ key: 'messages_target_offset' });
  }
});

it('[EPO-4] rows that were seen are found by their ids, however many', async () => {
  const seen = await rowsOf(
    connection,
    `SELECT CAST(id AS CHAR) AS id FROM messages WHERE target_id = 'long'`,
    [],
  );
  for (const count of [1, 64, 1_024]) {
    const ids = seen.slice(0, count).map((row) => String(row['id']));
    const { rows, rowsRead, rowsSorted } = await work(readRowsByIdStatement(count), ids);
    expect(rows).toHaveLength(count);
    expect([rowsRead <= count + 2, rowsSorted]).toEqual([true, 0]);
    const plan = await rowsOf(connection, `EXPLAIN FORMAT=TRADITIONAL ${readRowsByIdStatement(count)}`, ids);
    expect(plan[0]).toMatchObject({ key: 'PRIMARY' });
  }
});

it('[EPO-5] the last row before a time is found from the cursor back, not by reading the log', async () => {
  const until = '2026-01-01 00:00:00.000';
  await connection.query(
    `UPDATE messages SET created_at = '2025-01-01' WHERE target_id = 'other' AND \`offset\` <= 2000`,
  );
  const { rows, rowsRead } = await work(CERTAIN_SEARCH, ['0', 'other', 2_010, until]);
  expect(rows).toMatchObject([{ offset: 2_000 }]);
  expect(rowsRead).toBeLessThanOrEqual(12);
});

it('the naive join of epoch, counter and rows reads and sorts the whole rest of the log', async () => {
  const naive = `SELECT e.epoch, t.head, m.\`offset\`, m.message FROM log_epoch e
    LEFT JOIN targets t ON t.target_id = ?
    LEFT JOIN messages m ON m.target_id = ? AND m.\`offset\` > ? AND m.\`offset\` <= t.head
    WHERE e.singleton = 1 ORDER BY m.\`offset\` LIMIT ?`;
  const { rows, rowsRead } = await work(naive, ['long', 'long', 100, String(PAGE)]);
  expect(rows).toHaveLength(PAGE);
  expect(rowsRead).toBeGreaterThan(ROWS / 2);
});

it('[LOG-5] a naive table takes look-alike ids for one another', async () => {
  await connection.query(
    'CREATE TABLE naive (target_id VARCHAR(128)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
  );
  for (const id of ['bob', 'Bob', 'b\u00f3b', 'bob '])
    await rowsOf(connection, 'INSERT INTO naive VALUES (?)', [id]);
  expect(await rowsOf(connection, "SELECT target_id FROM naive WHERE target_id = 'bob'")).toHaveLength(4);
  expect(await rowsOf(connection, 'SELECT target_id FROM naive WHERE target_id = 0')).toHaveLength(4);
});
