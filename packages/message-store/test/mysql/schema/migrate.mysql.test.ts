import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  createTestDatabase,
  findProgram,
  startDatabase,
  type TestDatabase,
  waitUntil,
} from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterEach, expect, inject, it } from 'vitest';
import { createMysqlMessageStore, migrate, type MigrationEvent } from '../../../src/mysql/index.ts';
import { SCHEMA_VERSION } from '../../../src/mysql/schema/schema-version.ts';
import { startWorker } from '../../support/bundled-worker.ts';
import { EPOCH_PATTERN } from '../../contract/reading-contract.ts';
import { connectTo, MIGRATIONS, rowsOf } from '../support/migrated-database.ts';
import { readSchema } from '../support/read-schema.ts';

const INIT_SQL = new URL('../../../../../db/init.sql', import.meta.url);
const MANY_ROWS = 100_000;
const MANY_ROWS_MS = 60_000;

const POC_TABLE = `CREATE TABLE messages (id INT AUTO_INCREMENT PRIMARY KEY, message TEXT, target_id INT,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)`;

const opened: { database: TestDatabase; connection: Connection }[] = [];
afterEach(async () => {
  for (const { database, connection } of opened.splice(0)) {
    await connection.end();
    await database.drop();
  }
});

async function newDatabase(serverUrl = inject('databaseServerUrl')) {
  const database = await createTestDatabase(serverUrl);
  const connection = await connectTo(database.url);
  opened.push({ database, connection });
  return { databaseUrl: database.url, name: database.name, connection };
}

async function pocDatabase(rows = "('a', 1), ('b', 2), ('c', 1), ('d', 1), ('e', 2)") {
  const made = await newDatabase();
  await made.connection.query(POC_TABLE);
  await made.connection.query(`INSERT INTO messages (message, target_id) VALUES ${rows}`);
  return made;
}

const migrateAll = (databaseUrl: string) => migrate({ databaseUrl, folder: MIGRATIONS });

/** What the proof of concept's rows have become: `target:offset message` in id order. */
async function places(connection: Connection): Promise<string[]> {
  const rows = await rowsOf(connection, 'SELECT target_id, `offset`, message FROM messages ORDER BY id');
  return rows.map((row) => `${row['target_id']}:${row['offset']} ${row['message']}`);
}
const POC_PLACES = ['1:1 a', '2:1 b', '1:2 c', '1:3 d', '2:2 e'];

it('[SCH-1] init.sql, the migrations of an empty database and those of the proof of concept end in one schema', async () => {
  const [whole, empty, poc] = [await newDatabase(), await newDatabase(), await pocDatabase()];
  const { hostname, port } = new URL(whole.databaseUrl);
  const client = findProgram('mariadb', 'mysql');
  const words = [
    '--no-defaults',
    `--host=${hostname}`,
    `--port=${port}`,
    '--protocol=tcp',
    '--user=root',
    whole.name,
  ];
  execFileSync(client, words, { input: await readFile(INIT_SQL) });
  await migrateAll(empty.databaseUrl);
  await migrateAll(poc.databaseUrl);
  const expected = await readSchema(whole.connection);
  expect(expected.columns.length).toBeGreaterThan(10);
  const madeIn = { mode: 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', security: 'INVOKER' };
  const procedures = ['join_group', 'leave_group', 'publish_message'];
  expect(expected.routines).toMatchObject(procedures.map((r) => ({ r, ...madeIn })));
  expect(expected.parameters).toHaveLength(2 * procedures.length);
  expect(await readSchema(empty.connection)).toEqual(expected);
  expect(await readSchema(poc.connection)).toEqual(expected);
  for (const { connection, databaseUrl } of [whole, empty, poc]) {
    const epochs = await rowsOf(connection, 'SELECT epoch FROM log_epoch');
    expect(epochs).toMatchObject([{ epoch: expect.stringMatching(EPOCH_PATTERN) }]);
    expect(await migrateAll(databaseUrl)).toEqual({
      fromVersion: SCHEMA_VERSION,
      toVersion: SCHEMA_VERSION,
      sqlPublishing: { kind: 'current' },
    });
    expect(await rowsOf(connection, 'SELECT epoch FROM log_epoch')).toEqual(epochs);
  }
});

it('[SCH-2] every row of the proof of concept is kept and numbered in id order, and the log goes on after it', async () => {
  const { databaseUrl, connection } = await pocDatabase();
  await connection.query(
    "INSERT INTO messages (id, message, target_id, created_at) VALUES (900, 'f', 2, '2020-02-29 12:00:00')",
  );
  await migrateAll(databaseUrl);
  expect(await places(connection)).toEqual([...POC_PLACES, '2:3 f']);
  const store = createMysqlMessageStore({ databaseUrl });
  const { heads } = await store.readHeads(['1', '2']);
  expect([...heads.values()]).toMatchObject([
    { head: 3, epochStart: 0 },
    { head: 3, epochStart: 0 },
  ]);
  const [outcome] = await store.append([{ publisher: '', messages: [{ targetId: '1', message: 'new' }] }]);
  expect(outcome).toMatchObject({ messages: [{ offset: 4, id: '901' }] });
  await store.close();
});

it('[SCH-2] NULLs, negative ids and ids beyond an INT’s neighbours are kept as well', async () => {
  const { databaseUrl, connection } = await pocDatabase(
    "(NULL, 7), ('no target', NULL), (NULL, NULL), ('negative', -5), ('zero', 0), ('largest', 2147483647)",
  );
  await connection.query(
    'ALTER TABLE messages MODIFY created_at TIMESTAMP NULL, ADD KEY of_the_poc (created_at)',
  );
  await connection.query('UPDATE messages SET created_at = NULL WHERE target_id = 0');
  await migrateAll(databaseUrl);
  expect(await places(connection)).toEqual([
    '7:1 ',
    ':1 no target',
    ':2 ',
    '-5:1 negative',
    '0:1 zero',
    '2147483647:1 largest',
  ]);
  expect(await rowsOf(connection, 'SELECT id FROM messages WHERE created_at IS NULL')).toEqual([]);
  expect(await rowsOf(connection, 'SELECT target_id, head FROM targets ORDER BY target_id')).toHaveLength(5);
});

it('[SCH-2] times stay the same moments, whatever the servers’ and the sessions’ time zones', async () => {
  const { databaseUrl, connection } = await newDatabase();
  await connection.query("SET time_zone = '+05:45'");
  await connection.query(POC_TABLE);
  await connection.query(
    "INSERT INTO messages (message, target_id, created_at) VALUES ('x', 1, '2024-01-01 05:45:00')",
  );
  await migrateAll(databaseUrl);
  const store = createMysqlMessageStore({ databaseUrl });
  const { messages } = await store.readLog({ targetId: '1', afterOffset: 0, limit: 1 });
  expect(messages[0]?.createdAt).toBe('2024-01-01T00:00:00.000Z');
  await store.close();
});

it('[SCH-2] a proof of concept on a latin1 server without strict mode is migrated, and holds emoji from then on', async () => {
  const server = await startDatabase(['--character-set-server=latin1', '--sql-mode=']);
  const { url: databaseUrl } = await server.createDatabase();
  const connection = await connectTo(databaseUrl);
  await connection.query(POC_TABLE);
  await connection.query(
    "INSERT INTO messages (message, target_id) VALUES ('caf\u00e9', 1), ('\u{1f600}', 1)",
  );
  await migrateAll(databaseUrl);
  const store = createMysqlMessageStore({ databaseUrl });
  await store.append([{ publisher: '', messages: [{ targetId: '1', message: '\u{1f600}' }] }]);
  const { messages } = await store.readLog({ targetId: '1', afterOffset: 0, limit: 10 });
  // The middle one was a question mark before: the naive server had stored another text than it was given.
  expect(messages.map(({ message }) => message)).toEqual(['caf\u00e9', '?', '\u{1f600}']);
  await expect(
    connection.query("INSERT INTO messages (message, target_id) VALUES ('x', '1')"),
  ).rejects.toThrow();
  await store.close();
  await connection.end();
  await server.stop();
});

it('[SCH-3] two that start at once migrate once', async () => {
  const { databaseUrl, connection } = await pocDatabase();
  const workers = await Promise.all(
    [1, 2, 3].map(() => startWorker('migrate-worker.ts', [databaseUrl, fileURLToPath(MIGRATIONS)])),
  );
  for (const worker of workers) expect(await worker.ended, worker.output()).toBe(0);
  const started = workers.map((worker) => worker.output().split('migration-started').length - 1);
  expect(started.sort()).toEqual([0, 0, SCHEMA_VERSION]);
  expect(await places(connection)).toEqual(POC_PLACES);
  expect(await rowsOf(connection, 'SELECT epoch FROM log_epoch')).toHaveLength(1);
});

it('[SCH-4] a migration that ended after any of its statements is completed by the next one', async () => {
  const reference = await newDatabase();
  const steps: string[] = [];
  await migrate({
    databaseUrl: reference.databaseUrl,
    folder: MIGRATIONS,
    onEvent: (event) => steps.push(stepOf(event)),
  });
  expect(steps.length).toBeGreaterThan(12);
  const { databaseUrl, connection } = await pocDatabase();
  const reached = new Set<string>();
  for (const step of steps) {
    const onEvent = (event: MigrationEvent) => {
      if (reached.has(stepOf(event))) return;
      reached.add(stepOf(event));
      throw new Error(`ended after ${stepOf(event)}`);
    };
    const migrating = migrate({ databaseUrl, folder: MIGRATIONS, onEvent });
    await expect(migrating).rejects.toThrow(`ended after ${step}`);
  }
  await migrateAll(databaseUrl);
  expect(await readSchema(connection)).toEqual(await readSchema(reference.connection));
  expect(await places(connection)).toEqual(POC_PLACES);
  expect(await rowsOf(connection, 'SELECT target_id, head FROM targets ORDER BY target_id')).toEqual([
    { target_id: '1', head: 3 },
    { target_id: '2', head: 2 },
  ]);
});

function stepOf(event: MigrationEvent): string {
  return JSON.stringify({ ...event, milliseconds: 0 });
}

it('[SCH-4] a process that is killed in mid-statement leaves what the next one completes', async () => {
  for (const index of [0, 1, 3]) {
    const { databaseUrl, connection } = await pocDatabase();
    await fillPoc(connection, 20_000);
    const worker = await startWorker('migrate-worker.ts', [databaseUrl, fileURLToPath(MIGRATIONS)]);
    const said = JSON.stringify({ kind: 'statement-done', version: 3, index }).slice(0, -1);
    await waitUntil(said, () => worker.output().includes(said));
    await worker.end('SIGKILL');
    const result = await migrateAll(databaseUrl);
    expect(result.toVersion).toBe(SCHEMA_VERSION);
    const [check] = await rowsOf(
      connection,
      'SELECT COUNT(*) AS n, MAX(`offset`) AS high, COUNT(DISTINCT target_id) AS targets FROM messages',
    );
    expect(check).toEqual({ n: 20_005, high: 203, targets: 100 });
  }
});

it(
  `[SCH-2] ${MANY_ROWS} rows are migrated well within a minute`,
  async () => {
    const { databaseUrl, connection } = await newDatabase();
    await connection.query(POC_TABLE);
    await fillPoc(connection, MANY_ROWS);
    const startedAt = performance.now();
    await migrateAll(databaseUrl);
    const milliseconds = performance.now() - startedAt;
    expect(milliseconds).toBeLessThan(MANY_ROWS_MS / 2);
    const [check] = await rowsOf(
      connection,
      'SELECT COUNT(*) AS n, MIN(`offset`) AS low, MAX(`offset`) AS high FROM messages',
    );
    expect(check).toEqual({ n: MANY_ROWS, low: 1, high: MANY_ROWS / 100 });
  },
  2 * MANY_ROWS_MS,
);

/** Rows for the targets 0 to 99 in turn. */
async function fillPoc(connection: Connection, count: number): Promise<void> {
  const rowsAtOnce = 5_000;
  for (let from = 0; from < count; from += rowsAtOnce) {
    const rows = Array.from(
      { length: rowsAtOnce },
      (_, index) => `('message ${from + index}', ${index % 100})`,
    );
    await connection.query(`INSERT INTO messages (message, target_id) VALUES ${rows.join(',')}`);
  }
}

it('[SCH-5] a bare INSERT fails, also in a session that is not strict', async () => {
  const { databaseUrl, connection } = await newDatabase();
  await migrateAll(databaseUrl);
  for (const mode of ['STRICT_TRANS_TABLES', '']) {
    await connection.query(`SET SESSION sql_mode = '${mode}'`);
    const bare = connection.query("INSERT INTO messages (message, target_id) VALUES ('x', '1')");
    await expect(bare, `sql_mode '${mode}'`).rejects.toThrow();
  }
  expect(await rowsOf(connection, 'SELECT id FROM messages')).toEqual([]);
});

it('a database that can’t be reached is told within the deadline', async () => {
  const away = migrate({
    databaseUrl: 'mysql://root@127.0.0.1:1/none',
    folder: MIGRATIONS,
    connectDeadlineMs: 500,
  });
  await expect(away).rejects.toMatchObject({ code: 'store_unavailable' });
});
