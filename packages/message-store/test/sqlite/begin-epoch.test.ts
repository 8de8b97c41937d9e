import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempFolder } from '@postline/test-support';
import Database from 'libsql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MemberUpkeep } from '../../src/member-store.ts';
import type { MessageStore } from '../../src/message-store.ts';
import { beginSqliteEpoch, createSqliteMessageStore } from '../../src/sqlite/index.ts';
import { describeNewEpoch, type EpochDatabase } from '../contract/epoch-contract.ts';
import { describeHistory } from '../contract/history-contract.ts';
import { describeMemberHistory } from '../contract/member-epoch-contract.ts';

let folder: Awaited<ReturnType<typeof makeTempFolder>>;
let file: string;
let store: MessageStore & MemberUpkeep;
beforeAll(async () => {
  folder = await makeTempFolder('sqlite-epoch');
  file = join(folder.path, 'postline.sqlite');
  store = await createSqliteMessageStore({ file });
});
afterAll(async () => {
  await store.close();
  await folder.remove();
});

const openDatabase = (): EpochDatabase => ({
  store,
  begin: (options) => beginSqliteEpoch({ file, ...options }),
  run: (sql) => {
    const database = new Database(file, { timeout: 1_000 });
    database.exec(sql);
    database.close();
    return Promise.resolve();
  },
});
describeNewEpoch(openDatabase);
describeHistory(openDatabase);
describeMemberHistory(openDatabase);

it('a file that is not there is not made', async () => {
  const other = join(folder.path, 'other.sqlite');
  await expect(beginSqliteEpoch({ file: other })).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(existsSync(other)).toBe(false);
});
