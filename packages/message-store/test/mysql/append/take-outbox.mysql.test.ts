/** CALL join_group and leave_group: what becomes of them. */
import { GROUPS_PER_CLIENT_MAX } from '@postline/protocol';
import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { isRowError } from '../../../src/mysql/sessions/sql-error.ts';
import type { MovedMessages } from '../../../src/outbox.ts';
import { appendOne, newTarget, readTexts } from '../../support/contract-database.ts';
import { change, changesAfter, cursorOf, join, leave } from '../../support/members.ts';
import {
  joinBySql,
  leaveBySql,
  membersOf,
  moveAll,
  publishBySql,
  waitingCount,
} from '../support/group-calls.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

let database: TestDatabase;
let store: ReturnType<typeof createMysqlMessageStore>;
let application: Connection;
let moved: MovedMessages[];
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  store = createMysqlMessageStore({ databaseUrl: database.url });
  store.onMoved((one) => moved.push(one));
});
afterAll(async () => {
  await store.close();
  await database.drop();
});
beforeEach(async () => {
  moved = [];
  application = await connectTo(database.url);
});
afterEach(async () => {
  await application.end();
});

it('[GRP-8] joins, leaves and messages of a transaction take effect in the order of their calls', async () => {
  const group = newTarget();
  const cursor = await cursorOf(store);
  await application.beginTransaction();
  await publishBySql(application, group, 'before');
  await joinBySql(application, group, 'anna');
  await publishBySql(application, group, 'for anna');
  await joinBySql(application, group, 'ben');
  await joinBySql(application, group, 'anna');
  await leaveBySql(application, group, 'ben');
  await joinBySql(application, group, 'gone');
  await publishBySql(application, group, 'for anna');
  await joinBySql(application, group, 'ben');
  await leaveBySql(application, group, 'gone');
  await leaveBySql(application, group, 'nobody');
  await moveAll(store);
  expect(await membersOf(store, group)).toEqual([]);
  await application.commit();
  await moveAll(store);
  expect(await readTexts(store, `group:${group}`)).toEqual(['before', 'for anna', 'for anna']);
  expect(await membersOf(store, group)).toEqual(['anna@1', 'ben@3']);
  expect(await waitingCount(application)).toBe(0);
  const { changes, cursor: next } = await changesAfter(store, cursor);
  expect(changes.map(({ clientId, state }) => `${clientId} ${state}`)).toEqual(['anna member', 'ben member']);
  expect(moved).toMatchObject([{ membersPosition: next.position, refusedJoins: [] }]);
});

it('[GRP-8] what is rolled back never was', async () => {
  const group = newTarget();
  await join(store, group, 'anna');
  await application.beginTransaction();
  await leaveBySql(application, group, 'anna');
  await joinBySql(application, group, 'ben');
  await moveAll(store);
  await application.rollback();
  await moveAll(store);
  expect(await membersOf(store, group)).toEqual(['anna@0']);
});

it('[GRP-9] what is sent by HTTP after the commit comes after it, and tells of what it moved', async () => {
  const group = newTarget();
  await joinBySql(application, group, 'anna');
  await publishBySql(application, group, 'by SQL');
  expect(await appendOne(store, { targetId: `group:${group}`, message: 'by HTTP' })).toMatchObject({
    offset: 2,
  });
  expect(await membersOf(store, group)).toEqual(['anna@0']);
  expect(moved).toMatchObject([{ messages: [{ message: 'by SQL' }], membersPosition: expect.any(Number) }]);

  await leaveBySql(application, group, 'anna');
  await joinBySql(application, group, 'ben');
  await publishBySql(application, group, 'again by SQL');
  const result = await store.changeMembers([change(group, { add: ['anna', 'ben'] })]);
  expect(result).toMatchObject({
    outcomes: [
      {
        added: [
          { clientId: 'anna', from: 3, isNew: true },
          { clientId: 'ben', from: 2, isNew: false },
        ],
      },
    ],
    moved: [{ messages: [{ message: 'again by SQL', offset: 3 }] }],
  });
  await joinBySql(application, group, 'carl');
  expect(await leave(store, group, 'carl')).toMatchObject({ removed: ['carl'] });
  expect(await membersOf(store, group)).toEqual(['anna@3', 'ben@2']);
});

it('[GRP-8] the calls of a transaction are kept in order where they are more than one move takes', async () => {
  const [group, other] = [newTarget(), newTarget()];
  await application.beginTransaction();
  for (let n = 0; n < 300; n += 1) {
    await publishBySql(application, group, String(n));
    await joinBySql(application, group, `c${String(n).padStart(3, '0')}`);
    if (n % 50 === 0) await joinBySql(application, other, `c${n}`);
  }
  await application.commit();
  while ((await waitingCount(application)) > 0) await moveAll(store);
  const expected = Array.from({ length: 300 }, (_, n) => `c${String(n).padStart(3, '0')}@${n + 1}`);
  expect(await membersOf(store, group)).toEqual(expected);
  expect(await membersOf(store, other)).toHaveLength(6);
});

const BAD_CLIENTS = [null, '', 'bob ', 'group:x', '__proto__', '.a', 'bób', 'x'.repeat(129), 'a\0'];
const BAD_GROUPS = ['', 'a b', 'bób', 'x'.repeat(123), 'a\n', 'a/b'];

it.each([
  ['strict', "SET SESSION sql_mode = 'STRICT_TRANS_TABLES'"],
  ['not strict', "SET SESSION sql_mode = ''"],
])(
  '[GRP-10] in a session that is %s the calls refuse what HTTP refuses, and leave LAST_INSERT_ID',
  async (_, mode) => {
    await application.query(mode);
    for (const procedure of ['join_group', 'leave_group']) {
      for (const client of BAD_CLIENTS) {
        const call = application.execute(`CALL ${procedure}(?, ?)`, ['news', client]);
        await expect(call, String(client)).rejects.toMatchObject({
          sqlState: '45000',
          message: expect.stringContaining('client_id'),
        });
      }
      for (const group of [null, ...BAD_GROUPS]) {
        const call = application.execute(`CALL ${procedure}(?, ?)`, [group, 'anna']);
        await expect(call, String(group)).rejects.toMatchObject({
          sqlState: '45000',
          message: expect.stringContaining('group_name'),
        });
      }
    }
    for (const [client, target] of [
      ['group:x', 'group:a'],
      [null, 'group:a'],
      ['', 'group:a'],
      ['a b', 'group:a'],
      ['a', 'b'],
    ]) {
      const insert = application.execute(
        "INSERT INTO outbox (target_id, kind, client_id) VALUES (?, 'join', ?)",
        [target ?? '', client ?? null],
      );
      await expect(insert, `${client} ${target}`).rejects.toThrow();
    }
    await expect(
      application.query("INSERT INTO outbox (target_id, kind) VALUES ('group:a', 'message')"),
    ).rejects.toThrow();
    expect(await waitingCount(application)).toBe(0);
    await application.query('SELECT LAST_INSERT_ID(4711)');
    await application.query("CALL join_group('.a~1', 7)");
    expect(await rowsOf(application, 'SELECT LAST_INSERT_ID() AS id')).toMatchObject([{ id: 4_711 }]);
    await moveAll(store);
    expect(await membersOf(store, '.a~1')).toEqual(['7@0']);
  },
);

it('[GRP-10] [GRP-4] a join beyond the limit is dropped when it is moved, and told once', async () => {
  const [prefix, full, free] = [newTarget(), newTarget(), newTarget()];
  const names = Array.from({ length: GROUPS_PER_CLIENT_MAX - 1 }, (_, n) => `${prefix}-${n}`);
  await store.changeMembers(names.map((name) => change(name, { add: [full] })));
  await application.beginTransaction();
  for (const group of [`${prefix}-a`, `${prefix}-b`]) {
    await joinBySql(application, group, full);
    await publishBySql(application, group, 'x');
    await joinBySql(application, group, free);
  }
  await application.commit();
  await moveAll(store);
  await moveAll(store);
  expect(moved.flatMap(({ refusedJoins }) => refusedJoins)).toEqual([
    { groupName: `${prefix}-b`, clientId: full },
  ]);
  expect(await membersOf(store, `${prefix}-a`)).toEqual([`${full}@0`, `${free}@1`].sort());
  expect(await membersOf(store, `${prefix}-b`)).toEqual([`${free}@1`]);
  expect(await waitingCount(application)).toBe(0);
});

it('[GRP-11] an API of the schema before can’t set a join aside, so it moves nothing past it', async () => {
  const group = newTarget();
  await joinBySql(application, group, 'anna');
  await publishBySql(application, group, 'for anna');
  const [row] = await rowsOf(application, 'SELECT id FROM outbox ORDER BY id');
  // What it does with a row that has no text.
  const setAside = application.execute(
    `INSERT INTO outbox_refused (outbox_id, target_id, message, created_at, reason)
     SELECT o.id, CAST(o.target_id AS BINARY), CAST(o.message AS BINARY), o.created_at, 'message is empty'
     FROM outbox o WHERE o.id = ?`,
    [Number(row?.['id'])],
  );
  const error: unknown = await setAside.catch((reason: unknown) => reason);
  expect(isRowError(error)).toBe(true);
  await moveAll(store);
  expect(await membersOf(store, group)).toEqual(['anna@0']);
  expect(await readTexts(store, `group:${group}`)).toEqual(['for anna']);
});
