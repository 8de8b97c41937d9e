/** Services beside a schema of the release before theirs or after it. */
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, makeTempFolder, type TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { databaseReason } from '../../../src/database-reason.ts';
import { createMysqlMessageStore, migrate } from '../../../src/mysql/index.ts';
import { SCHEMA_VERSION, SCHEMA_VERSION_BEFORE } from '../../../src/mysql/schema/schema-version.ts';
import { connectTo, MIGRATIONS, rowsOf } from '../support/migrated-database.ts';

let database: TestDatabase;
let databaseUrl: string;
let connection: Connection;
beforeEach(async () => {
  database = await createTestDatabase(inject('databaseServerUrl'));
  databaseUrl = database.url;
  connection = await connectTo(databaseUrl);
});
afterEach(async () => {
  await connection.end();
  await database.drop();
});

const migrateAll = () => migrate({ databaseUrl, folder: MIGRATIONS });

const LATER_VERSION = SCHEMA_VERSION + 1;
const BEFORE_VERSION = SCHEMA_VERSION_BEFORE - 1;
const TOO_NEW = { code: 'store_unavailable', cause: { code: 'schema_too_new' } };
const TOO_OLD = { code: 'store_unavailable', cause: { code: 'schema_version' } };

const addLater = (version: number, isCompatible: boolean) =>
  connection.query(
    `INSERT INTO schema_migrations (version, name, compatible) VALUES (${version}, 'later', ${isCompatible})`,
  );

it('[SCH-8] a schema that is newer by compatible migrations is used, also by a start, and left as it is', async () => {
  const store = createMysqlMessageStore({ databaseUrl });
  await expect(store.checkReady()).rejects.toMatchObject(TOO_OLD);
  await migrateAll();
  await store.checkReady();
  await addLater(LATER_VERSION, true);
  await addLater(900, true);
  await store.checkReady();
  expect(await migrateAll()).toMatchObject({ fromVersion: 900, toVersion: 900 });
  await store.close();
});

it('[SCH-8] one that is newer by another migration is refused: by a start, and by every call while running', async () => {
  const store = createMysqlMessageStore({ databaseUrl });
  await migrateAll();
  await store.checkReady();
  await addLater(LATER_VERSION, false);
  await addLater(LATER_VERSION + 1, true);
  await expect(migrateAll()).rejects.toMatchObject({ code: 'schema_too_new' });
  const error: unknown = await store.checkReady().catch((reason: unknown) => reason);
  expect(error).toMatchObject(TOO_NEW);
  expect(databaseReason(error)).toMatchObject({ code: 'schema_too_new', isLasting: true });
  await expect(store.readHeads(['1'])).rejects.toMatchObject(TOO_NEW);
  await connection.query(`DELETE FROM schema_migrations WHERE version >= ${LATER_VERSION}`);
  await store.checkReady();
  await store.readHeads(['1']);
  await store.close();
});

it('[SCH-8] a migration is recorded with its mark', async () => {
  const folder = await makeTempFolder('migrations');
  await cp(fileURLToPath(MIGRATIONS), folder.path, { recursive: true });
  for (const [index, mark] of ['true', 'false'].entries()) {
    const number = String(LATER_VERSION + index).padStart(4, '0');
    await writeFile(join(folder.path, `${number}-later.sql`), `-- compatible: ${mark}\nDO 1;`);
  }
  await migrate({ databaseUrl, folder: folder.path });
  const incompatible = await rowsOf(
    connection,
    'SELECT version FROM schema_migrations WHERE NOT compatible ORDER BY version',
  );
  expect(incompatible).toEqual([{ version: 3 }, { version: LATER_VERSION + 1 }]);
  await folder.remove();
});

it('[SCH-9] a service that does not migrate runs on the schema of the release before, and on none that is older', async () => {
  await migrateAll();
  const store = createMysqlMessageStore({ databaseUrl, takesSchemaBefore: true });
  expect((await store.checkReady()).risks.map(({ key }) => key)).not.toContain('schema_version');
  await connection.query(`DELETE FROM schema_migrations WHERE version > ${SCHEMA_VERSION_BEFORE}`);
  await store.checkReady();
  await connection.query(`DELETE FROM schema_migrations WHERE version > ${BEFORE_VERSION}`);
  await expect(store.checkReady()).rejects.toMatchObject(TOO_OLD);
  await store.close();
});
