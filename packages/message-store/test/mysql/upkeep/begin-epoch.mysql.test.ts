import type { TestDatabase } from '@postline/test-support';
import { createTestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { MemberUpkeep } from '../../../src/member-store.ts';
import type { MessageStore } from '../../../src/message-store.ts';
import { beginMysqlEpoch, createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { describeNewEpoch, type EpochDatabase } from '../../contract/epoch-contract.ts';
import { describeHistory } from '../../contract/history-contract.ts';
import { describeMemberHistory } from '../../contract/member-epoch-contract.ts';
import { connectTo, createMigratedDatabase } from '../support/migrated-database.ts';

let database: TestDatabase;
let store: MessageStore & MemberUpkeep;
let connection: Connection;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  store = createMysqlMessageStore({ databaseUrl: database.url });
  connection = await connectTo(database.url);
});
afterAll(async () => {
  await connection.end();
  await store.close();
  await database.drop();
});

const openDatabase = (): EpochDatabase => ({
  store,
  begin: (options) => beginMysqlEpoch({ databaseUrl: database.url, ...options }),
  run: (sql) => connection.query(sql),
});
describeNewEpoch(openDatabase);
describeHistory(openDatabase);
describeMemberHistory(openDatabase);

it('a database that was not migrated is left alone', async () => {
  const empty = await createTestDatabase(inject('databaseServerUrl'));
  const beginning = beginMysqlEpoch({ databaseUrl: empty.url });
  await expect(beginning).rejects.toMatchObject({ code: 'schema_version' });
  await empty.drop();
});
