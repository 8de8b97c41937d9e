import { type DatabaseServer, startDatabase, type TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, afterEach, expect, it } from 'vitest';
import { databaseReason } from '../../../src/database-reason.ts';
import type { MessageStore } from '../../../src/message-store.ts';
import { createMysqlMessageStore, migrate } from '../../../src/mysql/index.ts';
import { newTarget, publish } from '../../support/contract-database.ts';
import { connectTo, MIGRATIONS, rowsOf } from '../support/migrated-database.ts';

/** A server of its own: its settings are changed for everybody. */
let server: DatabaseServer;
let database: TestDatabase;
let root: Connection;
let store: MessageStore;
beforeAll(async () => {
  server = await startDatabase();
  database = await server.createDatabase();
  await migrate({ databaseUrl: database.url, folder: MIGRATIONS });
  root = await connectTo(database.url);
});
afterAll(async () => {
  await root.end();
  await server.stop();
});
beforeEach(() => {
  store = createMysqlMessageStore({ databaseUrl: database.url, connectionAgeMsMax: 60_000 });
});
afterEach(async () => {
  await store.close();
});

const append = () => store.append([publish({ targetId: newTarget(), message: 'x' })]);

it('[OPS-11] warns while the server answers a COMMIT before it is on the disk', async () => {
  const keys = async () => (await store.checkReady()).risks.map(({ key }) => key);
  const before = await keys();
  expect(before).not.toContain('innodb_flush_log_at_trx_commit');
  await root.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
  expect(await keys()).toEqual(['innodb_flush_log_at_trx_commit', ...before]);
  await root.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
  expect(await keys()).toEqual(before);
});

it('[DBC-11] a primary that is demoted is left by all connections, also those of a user who may write to it', async () => {
  await append();
  expect(await store.checkReady()).toMatchObject({ readOnlyBy: undefined, server: { name: /:\d+$/ } });
  await root.query('SET GLOBAL read_only = 1');
  expect((await store.checkReady()).readOnlyBy).toBe('read_only');
  const error: unknown = await append().catch((reason: unknown) => reason);
  expect(databaseReason(error)).toMatchObject({ code: 'read_only', isLasting: false });
  await expect(store.saveAcks([])).rejects.toMatchObject({ code: 'store_unavailable' });
  expect((await store.readHeads(['1'])).heads.size).toBe(1);
  expect(await store.settleHistory({ epoch: 'e', rows: [], sharedUntilMs: 0 })).toEqual({
    kind: 'read-only',
  });
  await root.query('SET GLOBAL read_only = 0');
  await append();
  expect((await store.checkReady()).readOnlyBy).toBeUndefined();
});

it('[DBC-12] a server that can not keep the guarantees is used for nothing until a check finds that it can', async () => {
  await append();
  await root.query('ALTER TABLE disconnect_head ENGINE = MyISAM');
  for (const call of [() => store.checkReady(), append, () => store.readHeads(['1'])]) {
    const error: unknown = await call().then(
      () => 'it was answered',
      (reason: unknown) => reason,
    );
    expect(databaseReason(error)).toMatchObject({ code: 'topology_refused', isLasting: true });
  }
  await root.query('ALTER TABLE disconnect_head ENGINE = InnoDB');
  await store.checkReady();
  await append();
});

it('[OPS-18] a check is four statements on a connection that is there: it asks for the server in one of them', async () => {
  await store.checkReady();
  const questions = async () => {
    const [row] = await rowsOf(root, "SHOW GLOBAL STATUS LIKE 'Questions'");
    return Number(row?.['Value']);
  };
  const alone = await questions();
  const mine = (await questions()) - alone;
  const before = await questions();
  await store.checkReady();
  expect((await questions()) - before - mine).toBeLessThanOrEqual(4);
});
