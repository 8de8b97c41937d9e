import { type DatabaseServer, startDatabase, TcpProxy, waitUntil } from '@postline/test-support';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { databaseReason } from '../../../src/database-reason.ts';
import type { MessageStore } from '../../../src/message-store.ts';
import { createMysqlMessageStore, migrate } from '../../../src/mysql/index.ts';
import { newTarget, publish } from '../../support/contract-database.ts';
import { MIGRATIONS } from '../support/migrated-database.ts';

/** A database that takes no writes binds only users without the rights of an administrator. */
const USER = 'moved_app';
const AGE_MS_MAX = 1_000;

let old: DatabaseServer;
let database: string;
let address: TcpProxy;
const urlOf = (port: number, user = USER) => `mysql://${user}@127.0.0.1:${port}/${database}`;

async function run(port: number, ...statements: string[]): Promise<void> {
  const connection = await createConnection(`mysql://root@127.0.0.1:${port}`);
  for (const statement of statements) await connection.query(statement);
  await connection.end();
}

async function prepare(port: number): Promise<void> {
  await run(
    port,
    `CREATE DATABASE IF NOT EXISTS ${database}`,
    `CREATE USER ${USER}@'%'`,
    `GRANT ALL ON ${database}.* TO ${USER}@'%'`,
  );
  await migrate({ databaseUrl: urlOf(port, 'root'), folder: MIGRATIONS });
}

let newPort: number;
beforeAll(async () => {
  newPort = Number(new URL(inject('databaseServerUrl')).port);
  old = await startDatabase();
  database = (await old.createDatabase()).name;
  await Promise.all([old.port, newPort].map(prepare));
  address = await TcpProxy.start(old.port);
});
afterAll(async () => {
  await address.close();
  await run(newPort, `DROP USER ${USER}@'%'`, `DROP DATABASE ${database}`);
  await old.stop();
});

async function useStore(
  connectionAgeMsMax: number,
  work: (store: MessageStore) => Promise<void>,
): Promise<void> {
  address.redirect(old.port);
  const store = createMysqlMessageStore({ databaseUrl: urlOf(address.port), connectionAgeMsMax });
  try {
    await work(store);
  } finally {
    await store.close();
    await run(old.port, 'SET GLOBAL read_only = 0');
  }
}

const append = (store: MessageStore, targetId: string) => store.append([publish({ targetId, message: 'x' })]);
const headOf = async (store: MessageStore, targetId: string) =>
  (await store.readLog({ targetId, afterOffset: 0, limit: 10 })).head;

it('[DBC-3] a database that moved and takes no writes at its old place: the next append and reads go to the new one', async () => {
  await useStore(60_000, async (store) => {
    const targetId = newTarget();
    await append(store, targetId);
    expect(await headOf(store, targetId)).toBe(1);
    await run(old.port, 'SET GLOBAL read_only = 1');
    address.redirect(newPort);
    const [outcome] = await append(store, targetId);
    expect(outcome).toMatchObject({ kind: 'appended', messages: [{ offset: 1 }] });
    await append(store, targetId);
    expect(await headOf(store, targetId)).toBe(2);
  });
});

it('[DBC-1] a database that moved while its old place stays as it is: reads that never pause find the new one', async () => {
  await useStore(AGE_MS_MAX, async (store) => {
    const targetId = newTarget();
    await append(store, targetId);
    address.redirect(newPort);
    await waitUntil('reads come from the new server', async () => (await headOf(store, targetId)) === 0);
    await append(store, targetId);
  });
});

it('[DBC-3] a database that takes no writes anywhere: store_unavailable with that reason, and reads go on', async () => {
  await useStore(60_000, async (store) => {
    const targetId = newTarget();
    await append(store, targetId);
    await run(old.port, 'SET GLOBAL read_only = 1');
    const error: unknown = await append(store, targetId).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'store_unavailable' });
    expect(databaseReason(error)).toMatchObject({ code: 'read_only', isLasting: false });
    expect(await headOf(store, targetId)).toBe(1);
    await expect(store.checkWritable()).rejects.toMatchObject({ code: 'store_unavailable' });
    await run(old.port, 'SET GLOBAL read_only = 0');
    await store.checkWritable();
    await append(store, targetId);
    expect(await headOf(store, targetId)).toBe(2);
  });
});

it('[DBC-10] a user who has lost the right to insert is found without a message', async () => {
  await useStore(60_000, async (store) => {
    await store.checkWritable();
    const grant = (rights: string, table: string) => `GRANT ${rights} ON ${database}.${table} TO ${USER}@'%'`;
    await run(
      old.port,
      `REVOKE ALL ON ${database}.* FROM ${USER}@'%'`,
      grant('SELECT', '*'),
      grant('SELECT, INSERT, UPDATE', 'targets'),
    );
    store.renewConnections();
    const error: unknown = await store.checkWritable().catch((reason: unknown) => reason);
    expect(databaseReason(error)).toMatchObject({ code: 'missing_right', isLasting: true });
    expect(databaseReason(error).text).toContain('INSERT');
    await run(old.port, `GRANT ALL ON ${database}.* TO ${USER}@'%'`);
    store.renewConnections();
    await store.checkWritable();
  });
});
