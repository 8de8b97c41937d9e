/** From the schema before this one, with what may lie in it, while an application and an older API are at work. */
import { copyFile, cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createTestDatabase,
  makeTempFolder,
  type TempFolder,
  type TestDatabase,
  waitUntil,
} from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { createMysqlMessageStore, migrate } from '../../../src/mysql/index.ts';
import { appendOne, readTexts } from '../../support/contract-database.ts';
import { connectTo, MIGRATIONS, rowsOf } from '../support/migrated-database.ts';

const VERSION_BEFORE = 7;

/** As it was in the versions up to 7. */
const PROCEDURE_BEFORE = `CREATE PROCEDURE publish_message(
  IN target_id LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  IN message LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
INSERT INTO outbox (target_id, message) VALUES (target_id, message)`;

let before: TempFolder;
let database: TestDatabase;
let connection: Connection;

beforeAll(async () => {
  before = await makeTempFolder('migrations');
  const folder = fileURLToPath(MIGRATIONS);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  for (const name of names.slice(0, VERSION_BEFORE))
    await copyFile(join(folder, name), join(before.path, name));
  await cp(join(folder, 'procedures'), join(before.path, 'procedures'), { recursive: true });
});
afterAll(async () => {
  await before.remove();
});

beforeEach(async () => {
  database = await createTestDatabase(inject('databaseServerUrl'));
  connection = await connectTo(database.url);
  await migrate({ databaseUrl: database.url, folder: before.path });
  await connection.query('DROP PROCEDURE publish_message');
  await connection.query(PROCEDURE_BEFORE);
});
afterEach(async () => {
  await connection.end();
  await database.drop();
});

const upgrade = () => migrate({ databaseUrl: database.url, folder: MIGRATIONS });

it('[SCH-4] what lies in the outbox is kept; what no log takes does not stop the upgrade, and is set aside', async () => {
  await connection.query("CALL publish_message('1', 'before')");
  await connection.query(
    'ALTER TABLE outbox DROP CONSTRAINT outbox_target_id, DROP CONSTRAINT outbox_message',
  );
  for (const [targetId, message] of [
    ['bad id', 'x'],
    ['__proto__', 'x'],
    ['1', ''],
  ])
    await connection.execute('INSERT INTO outbox (target_id, message) VALUES (?, ?)', [
      targetId ?? '',
      message ?? '',
    ]);
  await connection.query(
    "ALTER TABLE outbox ADD CONSTRAINT outbox_target_id CHECK (target_id <> 'never'), ADD CONSTRAINT outbox_message CHECK (message <> 'never')",
  );
  await upgrade();
  expect(await rowsOf(connection, 'SELECT target_id, message FROM outbox')).toMatchObject([
    { target_id: '1', message: 'before' },
  ]);
  const refused = await rowsOf(
    connection,
    'SELECT target_id, message FROM outbox_refused ORDER BY outbox_id',
  );
  expect(refused.map((row) => [String(row['target_id']), String(row['message'])])).toEqual([
    ['bad id', 'x'],
    ['__proto__', 'x'],
    ['1', ''],
  ]);
  for (const targetId of ['auth0|5f7c', 'user+tag@x', '_a', '-a', 'a~b'])
    await connection.execute('CALL publish_message(?, ?)', [targetId, 'new']);
  await expect(connection.query("CALL publish_message('__proto__', 'x')")).rejects.toMatchObject({
    sqlState: '45000',
  });
});

it('[SCH-6] those who may call the procedure may still call it, or are named', async () => {
  const user = `app_${database.name.slice(-8)}`;
  await connection.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'Some-1-password'`);
  await connection.query(`GRANT EXECUTE ON PROCEDURE ${database.name}.publish_message TO ${user}@'%'`);
  expect(await upgrade()).toMatchObject({ sqlPublishing: { kind: 'created', grantsLost: [] } });
  const grants = await rowsOf(connection, `SHOW GRANTS FOR ${user}@'%'`);
  expect(JSON.stringify(grants)).toContain('EXECUTE ON PROCEDURE');
  expect(await upgrade()).toMatchObject({ sqlPublishing: { kind: 'current' } });
  await connection.query(`DROP USER ${user}@'%'`);
});

it('[SCH-8] an API of the release before leaves the procedures of a newer one alone', async () => {
  await upgrade();
  await connection.query('DROP PROCEDURE publish_message');
  await connection.query(
    PROCEDURE_BEFORE.replace('SQL SECURITY INVOKER', "SQL SECURITY INVOKER COMMENT 'Postline, version 99'"),
  );
  expect(await upgrade()).toMatchObject({ sqlPublishing: { kind: 'current' } });
  expect(
    await rowsOf(
      connection,
      "SELECT routine_comment AS c FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_name = 'publish_message'",
    ),
  ).toEqual([{ c: 'Postline, version 99' }]);
});

it('[SCH-7] an application whose transaction is open delays the upgrade, and the upgrade delays nobody for long', async () => {
  const store = createMysqlMessageStore({ databaseUrl: database.url });
  const application = await connectTo(database.url);
  await application.beginTransaction();
  await application.query("CALL publish_message('1', 'by SQL')");
  let isDone = false;
  const upgrading = upgrade().finally(() => {
    isDone = true;
  });
  await waitUntil('the upgrade waits for the application', async () => {
    const waiting = await rowsOf(
      connection,
      "SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND state LIKE 'Waiting for table metadata lock%'",
    );
    return waiting.length > 0;
  });
  for (let n = 0; n < 20; n += 1) await appendOne(store, { targetId: '2', message: String(n) });
  expect(isDone).toBe(false);
  await application.commit();
  await upgrading;
  await store.movePage('');
  expect(await readTexts(store, '1')).toEqual(['by SQL']);
  await application.end();
  await store.close();
});
