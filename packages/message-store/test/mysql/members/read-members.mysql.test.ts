/** What the server reads for each statement about members, in a table that has many more. */
import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { MEMBER_CHANGES_PER_READ_MAX } from '../../../src/member-store.ts';
import {
  READ_CHANGES_STATEMENT,
  READ_GROUPS_STATEMENT,
  READ_MEMBERS_STATEMENT,
  readMembershipsStatement,
} from '../../../src/mysql/members/read-members.ts';
import { COUNT_STATEMENT, READ_STATEMENT } from '../../../src/mysql/members/write-members.ts';
import { OLD_DEPARTURES_STATEMENT } from '../../../src/mysql/upkeep/forget-departures.ts';
import { connectTo, createMigratedDatabase } from '../support/migrated-database.ts';
import { statementWork } from '../support/statement-work.ts';

const GROUPS = 200;
const CLIENTS = 100;
/** A part of them has left. */
const LEFT_EACH = 10;
const LAST_POSITION = GROUPS * CLIENTS;

let database: TestDatabase;
let connection: Connection;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  connection = await connectTo(database.url);
  const numbers = (count: number) =>
    `JSON_TABLE('[${Array.from({ length: count }, (_, n) => n).join(',')}]', '$[*]' COLUMNS (n INT PATH '$'))`;
  await connection.query(`INSERT INTO members (group_name, client_id, from_offset, since, state, position)
    SELECT CONCAT('g', g.n), CONCAT('c', c.n), 0, CURRENT_TIMESTAMP(3), IF(c.n < ${LEFT_EACH}, 'left', 'member'),
      g.n * ${CLIENTS} + c.n + 1
    FROM ${numbers(GROUPS)} g JOIN ${numbers(CLIENTS)} c`);
  await connection.query('UPDATE member_head SET head = ?', [LAST_POSITION]);
  await connection.query('ANALYZE TABLE members');
});
afterAll(async () => {
  await connection.end();
  await database.drop();
});

/** How many rows a statement returns, and how many entries of indexes and tables the server reads and sorts for it. */
async function work(statement: string, values: readonly (string | number)[]) {
  const { rows, counters } = await statementWork(connection, statement, values);
  return { rowCount: rows.length, looks: [...counters.values()].reduce((sum, count) => sum + count, 0) };
}

/** What a statement may look at beside the rows that it gives: the ends of ranges, single rows, tables in memory. */
const OTHER_LOOKS_MAX = 60;

const READS: Readonly<Record<string, readonly [string, readonly (string | number)[], number]>> = {
  'a page of members': [READ_MEMBERS_STATEMENT, ['g7', 'c5', '10'], 1],
  'a page of groups': [READ_GROUPS_STATEMENT, ['c50', 'g5', '10'], 1],
  'the memberships of no client': [readMembershipsStatement(0), [], 1],
  'the memberships of two clients': [readMembershipsStatement(2), ['c20', 'c30'], 2],
  'the last changes': [READ_CHANGES_STATEMENT, ['g1', 'c1', LAST_POSITION - 50, LAST_POSITION - 50], 3],
  'a page of changes': [READ_CHANGES_STATEMENT, ['g1', 'c1', 0, 0], 3],
};

it.each(Object.entries(READS))('[GRP-5] %s takes no more than its rows', async (_name, read) => {
  const [statement, values, looksEach] = read;
  const { rowCount, looks } = await work(statement, values);
  expect(rowCount).toBeGreaterThan(0);
  expect(rowCount).toBeLessThanOrEqual(2 * MEMBER_CHANGES_PER_READ_MAX + 1);
  expect(looks).toBeLessThanOrEqual(looksEach * rowCount + OTHER_LOOKS_MAX);
});

it('[GRP-6] old departures are found among many members', async () => {
  const { rowCount, looks } = await work(OLD_DEPARTURES_STATEMENT, []);
  expect(rowCount).toBe(500);
  expect(looks).toBeLessThanOrEqual(rowCount + OTHER_LOOKS_MAX);
});

it('[GRP-1] a change looks up its own members, and counts no groups but those of its clients', async () => {
  const places = JSON.stringify(Array.from({ length: 50 }, (_, n) => ['g7', `c${n}`]));
  const read = await work(READ_STATEMENT, [places]);
  expect(read.rowCount).toBe(50);
  expect(read.looks).toBeLessThanOrEqual(4 * 50 + OTHER_LOOKS_MAX);
  const count = await work(COUNT_STATEMENT, [JSON.stringify(['c20', 'c30'])]);
  expect(count.rowCount).toBe(2);
  expect(count.looks).toBeLessThanOrEqual(2 * 2 * GROUPS + OTHER_LOOKS_MAX);
});
