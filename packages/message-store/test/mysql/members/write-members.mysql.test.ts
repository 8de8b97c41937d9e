/** Calls of join_group and leave_group, changes by HTTP and appends, side by side: nobody waits for an application. */
import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { writeUncommitted } from '../support/write-uncommitted.ts';
import { openSession } from '../../../src/mysql/sessions/session.ts';
import { appendOne, newTarget, publish, readTexts } from '../../support/contract-database.ts';
import { change, join, leave } from '../../support/members.ts';
import {
  joinBySql,
  leaveBySql,
  membersOf,
  moveAll,
  publishBySql,
  waitingCount,
} from '../support/group-calls.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

/** Less than the shortest wait for a lock, which is a second. */
const QUICKLY_MS = 900;

let database: TestDatabase;
let store: ReturnType<typeof createMysqlMessageStore>;
let application: Connection;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  store = createMysqlMessageStore({ databaseUrl: database.url });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});
beforeEach(async () => {
  application = await connectTo(database.url);
});
afterEach(async () => {
  await application.end();
});

async function timed(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
}

it('[GRP-8] [SQL-5] a transaction that stays open delays no change, append or move of the same groups', async () => {
  const [group, other] = [newTarget(), newTarget()];
  for (let round = 0; round < 20; round += 1) {
    await joinBySql(application, group, `early-${round}`);
    await application.beginTransaction();
    for (const one of [group, other]) {
      await joinBySql(application, one, 'open');
      await leaveBySql(application, one, 'anna');
    }
    const bystander = await connectTo(database.url);
    await joinBySql(bystander, group, `late-${round}`);
    const work = async () => {
      await moveAll(store);
      await appendOne(store, { targetId: `group:${group}`, message: 'by HTTP' });
      await join(store, group, 'anna', 'open');
      await leave(store, other, 'anna', 'open');
    };
    expect(await timed(work())).toBeLessThan(QUICKLY_MS);
    await bystander.end();
    await application.rollback();
  }
  expect((await membersOf(store, group)).map((member) => member.split('@')[0])).toHaveLength(42);
  expect(await waitingCount(application)).toBe(0);
});

it('[GRP-8] [SQL-5] neither a move nor a change holds anything that an application could wait for', async () => {
  const group = newTarget();
  for (let n = 0; n < 20; n += 1) await joinBySql(application, group, `c${n}`);
  const options = { databaseUrl: database.url, role: 'write', idleSecondsMax: 10 } as const;
  const mover = await openSession(options, new AbortController().signal);
  // All of it but the COMMIT.
  await writeUncommitted(mover, { requests: [], memberChanges: [change(group, { add: ['anna'] })] });
  for (const isolation of ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE']) {
    await application.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`);
    await application.query('SET SESSION innodb_lock_wait_timeout = 1');
    await application.beginTransaction();
    await joinBySql(application, group, 'c1');
    await leaveBySql(application, group, 'anna');
    await publishBySql(application, group, 'beside it');
    await application.rollback();
  }
  await mover.run('ROLLBACK');
  mover.destroy();
  await moveAll(store);
  expect(await membersOf(store, group)).toHaveLength(20);
});

it('[GRP-14] while another transaction changes members, an append leaves a group with joins for later, and no other target', async () => {
  const [group, plain] = [newTarget(), newTarget()];
  await joinBySql(application, group, 'anna');
  const holder = await connectTo(database.url);
  await holder.beginTransaction();
  await rowsOf(holder, 'SELECT head FROM member_head FOR UPDATE');
  const appending = store.append([
    publish({ targetId: `group:${group}`, message: 'waits' }),
    publish({ targetId: plain, message: 'goes' }),
    publish({ targetId: `group:${newTarget()}`, message: 'goes' }),
  ]);
  expect(await timed(appending)).toBeLessThan(QUICKLY_MS);
  expect((await appending).map(({ kind }) => kind)).toEqual(['contended', 'appended', 'appended']);
  await publishBySql(application, plain, 'moved');
  await moveAll(store);
  expect(await membersOf(store, group)).toEqual([]);
  expect((await join(store, group, 'ben')).kind).toBe('contended');
  expect(await readTexts(store, `group:${plain}`)).toEqual(['moved']);
  await holder.rollback();
  await holder.end();
  await moveAll(store);
  expect(await membersOf(store, group)).toEqual(['anna@0']);
});

it('[GRP-14] a change waits for a group’s counter that another transaction holds, and changes of other groups go on', async () => {
  const [held, free] = [newTarget(), newTarget()];
  await join(store, held, 'early');
  const holder = await connectTo(database.url);
  await holder.beginTransaction();
  await rowsOf(holder, 'SELECT head FROM targets WHERE target_id = ? FOR UPDATE', [`group:${held}`]);
  const changing = store.changeMembers([change(held, { add: ['anna'] }), change(free, { add: ['anna'] })]);
  expect((await changing).outcomes.map(({ kind }) => kind)).toEqual(['contended', 'changed']);
  const waiting = join(store, held, 'anna');
  await holder.rollback();
  await holder.end();
  expect((await waiting).kind).toBe('changed');
});

it('[GRP-8] [GRP-4] joins by SQL and by HTTP, by two APIs and four applications in different order: none fails, none is lost', async () => {
  const second = createMysqlMessageStore({ databaseUrl: database.url });
  const groups = [newTarget(), newTarget(), newTarget()];
  let isOver = false;
  const movers = [store, second].map(async (mover) => {
    while (!isOver) await moveAll(mover);
  });
  const applications = Array.from({ length: 4 }, async (_, writer) => {
    const connection = await connectTo(database.url);
    for (let round = 0; round < 12; round += 1) {
      await connection.beginTransaction();
      for (const group of writer % 2 === 0 ? groups : groups.toReversed()) {
        await joinBySql(connection, group, `sql-${writer}-${round}`);
        await publishBySql(connection, group, 'x');
        if (round > 0) await leaveBySql(connection, group, `sql-${writer}-${round - 1}`);
      }
      await (round % 4 === 3 ? connection.rollback() : connection.commit());
    }
    await connection.end();
  });
  const requests = Array.from({ length: 4 }, async (_, writer) => {
    const api = writer % 2 === 0 ? store : second;
    const order = writer < 2 ? groups : groups.toReversed();
    for (let round = 0; round < 12; round += 1) {
      const { outcomes } = await api.changeMembers(
        order.map((group) => change(group, { add: [`http-${writer}-${round}`] })),
      );
      expect(outcomes.map(({ kind }) => kind)).toEqual(['changed', 'changed', 'changed']);
    }
  });
  await Promise.all([...applications, ...requests]);
  isOver = true;
  await Promise.all(movers);
  while ((await waitingCount(application)) > 0) await moveAll(store);
  const byHttp = Array.from({ length: 4 }, (_, writer) =>
    Array.from({ length: 12 }, (_unused, round) => `http-${writer}-${round}`),
  );
  // Of each application's rounds the last that was committed left what the one before had joined, unless that was rolled back.
  const bySql = Array.from({ length: 4 }, (_, writer) => [2, 6, 10].map((round) => `sql-${writer}-${round}`));
  for (const group of groups) {
    const ids = (await membersOf(store, group)).map((member) => member.split('@')[0]);
    expect(ids).toEqual([...byHttp.flat(), ...bySql.flat()].sort());
    expect(await readTexts(store, `group:${group}`)).toHaveLength(4 * 9);
  }
  await second.close();
});
