import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempFolder, type TempFolder } from '@postline/test-support';
import Database from 'libsql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSqliteMessageStore } from '../../src/sqlite/index.ts';
import { newTarget, publish } from '../support/contract-database.ts';

const DISK_FULL = { code: 'store_unavailable', cause: { code: 'SQLITE_FULL' } };

let folder: TempFolder;
beforeAll(async () => {
  folder = await makeTempFolder('full-disk');
});
afterAll(() => folder.remove());

it('[DBC-10] on a full disk the check fails as an append does, and reads go on; with room both work again', async ({
  skip,
}) => {
  const file = join(folder.path, 'postline.db');
  const targetId = newTarget();
  const append = async (message: string) => {
    const store = await createSqliteMessageStore({ file });
    await store.append([publish({ targetId, message })]).finally(() => store.close());
  };
  await append('before');
  if (!fillDisk(file)) skip('nobody may make a device here (mknod)');
  const full = await createSqliteMessageStore({ file });
  await expect(full.checkWritable()).rejects.toMatchObject(DISK_FULL);
  await expect(full.append([publish({ targetId, message: 'lost' })])).rejects.toMatchObject(DISK_FULL);
  await full.checkReady();
  expect((await full.readLog({ targetId, afterOffset: 0, limit: 10 })).messages).toHaveLength(1);
  await full.close();

  rmSync(`${file}-wal`, { force: true });
  await append('after');
  const store = await createSqliteMessageStore({ file });
  await store.checkWritable();
  const { messages } = await store.readLog({ targetId, afterOffset: 0, limit: 10 });
  expect(messages.map(({ message, offset }) => [message, offset])).toEqual([
    ['before', 1],
    ['after', 2],
  ]);
  await store.close();
});

/** Puts the write-ahead log on the device of /dev/full: each write to it fails with ENOSPC. False if only root may. */
function fillDisk(file: string): boolean {
  const database = new Database(file);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  rmSync(`${file}-wal`, { force: true });
  try {
    execFileSync('mknod', [`${file}-wal`, 'c', '1', '7'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
