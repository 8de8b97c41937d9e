import { randomBytes } from 'node:crypto';
import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { databaseReason } from '../../../src/database-reason.ts';
import type { LogTrimmer } from '../../../src/log-trimmer.ts';
import type { MessageStore } from '../../../src/message-store.ts';
import { createMysqlMessageStore, type MysqlMessageStoreOptions } from '../../../src/mysql/index.ts';
import { newTarget, publish } from '../../support/contract-database.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

let database: TestDatabase;
let administrator: Connection;
const users: string[] = [];
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  administrator = await connectTo(database.url);
});
afterAll(async () => {
  for (const user of users) await administrator.query(`DROP USER ${user}@'%'`);
  await administrator.end();
  await database.drop();
});

/** The database's URL as a new user that may have so many connections. */
async function urlWithConnections(connectionsMax: number): Promise<{ url: string; user: string }> {
  const user = `few_${randomBytes(4).toString('hex')}`;
  await administrator.query(`CREATE USER ${user}@'%' WITH MAX_USER_CONNECTIONS ${connectionsMax}`);
  await administrator.query(`GRANT ALL ON ${database.name}.* TO ${user}@'%'`);
  users.push(user);
  const url = new URL(database.url);
  url.username = user;
  return { url: url.href, user };
}

type Store = MessageStore & LogTrimmer;

/** Two stores, as of an API and a relay. */
async function withStores(
  options: MysqlMessageStoreOptions,
  work: (first: Store, second: Store) => Promise<void>,
): Promise<void> {
  const stores = [createMysqlMessageStore(options), createMysqlMessageStore(options)] as const;
  try {
    await work(...stores);
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

const append = (store: MessageStore) => store.append([publish({ targetId: newTarget(), message: 'x' })]);

it('[DBC-4] five connections are enough for one API and one relay that are both busy', async () => {
  const { url, user } = await urlWithConnections(5);
  await withStores({ databaseUrl: url, deadlineMs: 4_000 }, async (api, relay) => {
    let connectionsSeen = 0;
    const rounds = Array.from({ length: 15 }, async (_, index) => {
      await Promise.all([
        ...Array.from({ length: 8 }, () => api.readHeads([`${index}`])),
        ...Array.from({ length: 4 }, () => append(api)),
        api.deleteOldest({ secondsMax: 3_600, messagesPerTargetMax: undefined, afterTargetId: '' }),
        ...Array.from({ length: 8 }, () => relay.readHeads([`${index}`])),
        relay.openDevices([{ clientId: `${index}`, deviceId: 'a', targetIds: [`${index}`] }]),
      ]);
      const rows = await rowsOf(
        administrator,
        'SELECT 1 FROM information_schema.processlist WHERE user = ?',
        [user],
      );
      connectionsSeen = Math.max(connectionsSeen, rows.length);
    });
    await Promise.all(rounds);
    expect(connectionsSeen).toBeLessThanOrEqual(5);
  });
});

it('[DBC-9] while another one has all connections, a call waits until one is free', async () => {
  const { url } = await urlWithConnections(1);
  const other = await connectTo(url);
  await withStores({ databaseUrl: url, deadlineMs: 4_000 }, async (store) => {
    const reading = store.readHeads(['1']);
    const early = new Promise((resolve) => setTimeout(resolve, 500, 'still waiting'));
    expect(await Promise.race([reading, early])).toBe('still waiting');
    await other.end();
    expect((await reading).heads.size).toBe(1);
  });
});

it('[DBC-9] where none comes free within the deadline, the reason is that', async () => {
  const { url } = await urlWithConnections(1);
  const other = await connectTo(url);
  await withStores({ databaseUrl: url, deadlineMs: 500 }, async (store) => {
    const error: unknown = await store.readHeads(['1']).catch((reason: unknown) => reason);
    expect(databaseReason(error)).toMatchObject({ code: 'too_many_connections' });
  });
  await other.end();
});

it('[DBC-9] calls are served by the connections that there are, and others get theirs', async () => {
  const { url } = await urlWithConnections(40); // a fifth is 8, but other programs have most of them
  const others = await Promise.all(Array.from({ length: 37 }, () => connectTo(url)));
  await withStores({ databaseUrl: url, deadlineMs: 4_000 }, async (busy, late) => {
    const state = { isOver: false };
    const loops = Array.from({ length: 16 }, async () => {
      while (!state.isOver) await busy.readHeads(['1']);
    });
    await busy.readHeads(['2']);
    await late.readHeads(['1']);
    await append(late);
    state.isOver = true;
    await Promise.all(loops);
  });
  await Promise.all(others.map((other) => other.end()));
});
