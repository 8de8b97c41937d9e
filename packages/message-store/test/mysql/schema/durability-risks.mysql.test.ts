import type { TestDatabase } from '@postline/test-support';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { MessageStore } from '../../../src/message-store.ts';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { createMigratedDatabase } from '../support/migrated-database.ts';

let database: TestDatabase;
let store: MessageStore;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  store = createMysqlMessageStore({ databaseUrl: database.url });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

it('[OPS-11] warns while the server answers a COMMIT before it is on the disk', async () => {
  const connection = await createConnection(database.url);
  const keys = async () => (await store.checkReady()).map(({ key }) => key);
  const before = await keys();
  expect(before).not.toContain('innodb_flush_log_at_trx_commit');
  await connection.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
  const [risk] = await store.checkReady();
  await connection.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
  expect(risk).toEqual({
    key: 'innodb_flush_log_at_trx_commit',
    text: "The database's innodb_flush_log_at_trx_commit is 2: a crash of its machine may lose acknowledged messages. Set it to 1.",
  });
  expect(await keys()).toEqual(before);
  await connection.end();
});
