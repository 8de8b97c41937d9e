import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempFolder } from '@postline/test-support';
import Database from 'libsql';
import { expect, it } from 'vitest';
import { createSqliteMessageStore } from '../../src/sqlite/index.ts';

const PERMISSION_BITS = 0o777;

it('makes the file and its folder for the owner alone', async () => {
  const folder = await makeTempFolder('modes');
  const file = join(folder.path, 'new', 'data', 'postline.db');
  const store = await createSqliteMessageStore({ file });
  await store.append([{ publisher: '', messages: [{ targetId: '1', message: 'x' }] }]);
  for (const suffix of ['', '-wal', '-shm']) {
    expect((await stat(`${file}${suffix}`)).mode & PERMISSION_BITS).toBe(0o600);
  }
  expect((await stat(join(folder.path, 'new', 'data'))).mode & PERMISSION_BITS).toBe(0o700);
  await store.close();
  await folder.remove();
});

it('[LOG-7] stores that open a new file at once agree on its schema and epoch', async () => {
  const folder = await makeTempFolder('races');
  const file = join(folder.path, 'postline.db');
  const stores = await Promise.all(Array.from({ length: 5 }, () => createSqliteMessageStore({ file })));
  const epochs = await Promise.all(stores.map(async (store) => (await store.readHeads([])).epoch));
  expect(new Set(epochs).size).toBe(1);
  await Promise.all(stores.map((store) => store.close()));
  await folder.remove();
});

it('refuses a file of a newer program, and one that is no database', async () => {
  const folder = await makeTempFolder('newer');
  const file = join(folder.path, 'postline.db');
  await (await createSqliteMessageStore({ file })).close();
  const database = new Database(file);
  database.exec('PRAGMA user_version = 99');
  database.close();
  await expect(createSqliteMessageStore({ file })).rejects.toMatchObject({
    code: 'store_unavailable',
    cause: { code: 'schema_version' },
  });
  await expect(createSqliteMessageStore({ file: folder.path })).rejects.toMatchObject({
    code: 'store_unavailable',
  });
  await folder.remove();
});

it('[SCH-2] a file of an earlier version gets what it lacks, and keeps its log and epoch', async () => {
  const folder = await makeTempFolder('earlier');
  const file = join(folder.path, 'postline.db');
  const before = await createSqliteMessageStore({ file });
  await before.append([{ publisher: '', messages: [{ targetId: '1', message: 'kept' }] }]);
  const { epoch } = await before.readHeads([]);
  await before.close();
  const database = new Database(file);
  database.exec(
    `DROP TABLE acks; DROP TABLE disconnects; DROP TABLE disconnect_head; DROP TABLE members; DROP TABLE member_head;
     ALTER TABLE log_epoch DROP COLUMN replaced_epoch; ALTER TABLE log_epoch DROP COLUMN certain_until;
     PRAGMA user_version = 1`,
  );
  database.close();
  const stores = await Promise.all([1, 2, 3].map(() => createSqliteMessageStore({ file })));
  const [store] = stores;
  await store?.saveAcks([{ clientId: '1', deviceId: undefined, targetId: '1', epoch, offset: 1 }]);
  expect(await store?.readReceipts({ targetId: '1', limit: 1 })).toMatchObject({
    epoch,
    head: 1,
    receipts: [{ offset: 1 }],
  });
  expect((await store?.readLog({ targetId: '1', afterOffset: 0, limit: 1 }))?.messages).toMatchObject([
    { message: 'kept' },
  ]);
  await Promise.all(stores.map((each) => each.close()));
  await folder.remove();
});

it('[SCH-5] a bare INSERT fails', async () => {
  const folder = await makeTempFolder('bare');
  const file = join(folder.path, 'postline.db');
  await (await createSqliteMessageStore({ file })).close();
  const database = new Database(file);
  expect(() => {
    database.exec("INSERT INTO messages (message, target_id) VALUES ('x', '1')");
  }).toThrow('NOT NULL');
  database.close();
  await folder.remove();
});
