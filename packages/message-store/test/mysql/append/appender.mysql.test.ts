import { type TestDatabase, waitUntil } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import type { MessageStore } from '../../../src/message-store.ts';
import type { MovedMessages, Outbox } from '../../../src/outbox.ts';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { appended, newTarget, publish, readTexts } from '../../support/contract-database.ts';
import { openSession } from '../../../src/mysql/sessions/session.ts';
import { writeUncommitted } from '../support/write-uncommitted.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

const QUICKLY_MS = 700;

let database: TestDatabase;
let store: MessageStore & Outbox;
let application: Connection;
let observer: Connection;
let moved: MovedMessages[] = [];
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  store = createMysqlMessageStore({ databaseUrl: database.url });
  store.onMoved((messages) => moved.push(messages));
  observer = await connectTo(database.url);
});
afterAll(async () => {
  await store.close();
  await observer.end();
  await database.drop();
});
beforeEach(async () => {
  moved = [];
  application = await connectTo(database.url);
});
afterEach(async () => {
  await application.end();
});

const call = (connection: Connection, targetId: string, message: string) =>
  connection.execute('CALL publish_message(?, ?)', [targetId, message]);

/** Moves until nothing is left that can be moved. */
async function moveAll(outbox: Outbox = store): Promise<number> {
  for (let total = 0; ; ) {
    let inPass = 0;
    let after: string | undefined = '';
    while (after !== undefined) {
      const page: Awaited<ReturnType<Outbox['movePage']>> = await outbox.movePage(after);
      inPass += page.movedCount;
      after = page.nextAfter;
    }
    if (inPass === 0) return total;
    total += inPass;
  }
}

async function appendOne(targetId: string, message: string) {
  const [outcome] = await store.append([publish({ targetId, message })]);
  return appended(outcome)[0]!;
}

async function waitingCount(): Promise<number> {
  const [row] = await rowsOf(application, 'SELECT COUNT(*) AS n FROM outbox');
  return Number(row?.['n']);
}

it('[SQL-1] what was rolled back is never seen; what was committed is moved, once', async () => {
  const targetId = newTarget();
  await application.beginTransaction();
  await call(application, targetId, 'never');
  expect(await moveAll()).toBe(0);
  await application.rollback();
  await application.beginTransaction();
  await call(application, targetId, 'a');
  await call(application, targetId, 'b');
  expect(await moveAll()).toBe(0);
  await application.commit();
  expect(await moveAll()).toBe(2);
  expect(await readTexts(store, targetId)).toEqual(['a', 'b']);
  expect(await waitingCount()).toBe(0);
  expect(await moveAll()).toBe(0);
});

it('[SQL-2] what is moved is told with its offsets, epoch and the time of the move', async () => {
  const targetId = newTarget();
  await appendOne(targetId, 'before');
  await call(application, targetId, 'a');
  await call(application, targetId, 'b');
  await moveAll();
  const { epoch, messages } = await store.readLog({ targetId, afterOffset: 1, limit: 10 });
  expect(moved).toEqual([{ epoch, messages, membersPosition: undefined, refusedJoins: [] }]);
  expect(messages.map(({ offset, message }) => `${offset} ${message}`)).toEqual(['2 a', '3 b']);
  for (const { createdAt } of messages)
    expect(Math.abs(Date.now() - Date.parse(createdAt))).toBeLessThan(60_000);
});

it('[SQL-3] one transaction’s messages keep their order, for several targets and more rows than one move takes', async () => {
  const targetIds = Array.from({ length: 6 }, () => newTarget());
  await application.beginTransaction();
  for (let round = 0; round < 300; round += 1) {
    for (const targetId of targetIds) await call(application, targetId, String(round));
  }
  await application.commit();
  expect(await moveAll()).toBe(1_800);
  const expected = Array.from({ length: 300 }, (_, round) => String(round));
  for (const targetId of targetIds) expect(await readTexts(store, targetId)).toEqual(expected);
});

it('[SQL-4] an append after the commit comes after what was published by SQL, and tells of it', async () => {
  const [mine, other] = [newTarget(), newTarget()];
  await call(application, mine, 'by SQL');
  await call(application, other, 'not of this append');
  const [outcome] = await store.append([
    publish({ targetId: mine, message: 'by HTTP' }, { targetId: mine, message: 'and again' }),
  ]);
  expect(appended(outcome).map(({ offset }) => offset)).toEqual([2, 3]);
  expect(await readTexts(store, mine)).toEqual(['by SQL', 'by HTTP', 'and again']);
  expect(moved).toMatchObject([{ messages: [{ targetId: mine, offset: 1, message: 'by SQL' }] }]);
  expect(await readTexts(store, other)).toEqual([]);
  expect(await moveAll()).toBe(1);
});

it('[SQL-4] replays and refused requests of the same append leave no gap beside what is moved', async () => {
  const targetId = newTarget();
  const keyed = (message: string) => ({
    publisher: 'p',
    messages: [{ targetId, message, idempotencyKey: `key-of-${targetId}` }],
  });
  await store.append([keyed('first')]);
  await call(application, targetId, 'by SQL');
  const outcomes = await store.append([
    keyed('first'),
    keyed('other'),
    publish({ targetId, message: 'new' }),
  ]);
  expect(outcomes).toMatchObject([
    { kind: 'appended', messages: [{ offset: 1, replayed: true }] },
    { kind: 'idempotency-key-reused' },
    { kind: 'appended', messages: [{ offset: 3 }] },
  ]);
  expect(await readTexts(store, targetId)).toEqual(['first', 'by SQL', 'new']);
  expect((await store.readHeads([targetId])).heads.get(targetId)?.head).toBe(3);
});

it('[SQL-4] where more waits than one transaction moves, requests for that target wait for it, and no others', async () => {
  const [busy, free] = [newTarget(), newTarget()];
  await application.beginTransaction();
  for (let count = 0; count < 600; count += 1) await call(application, busy, String(count));
  await application.commit();
  await call(application, free, 'by SQL');
  const requests = [
    publish({ targetId: busy, message: 'last' }),
    publish({ targetId: free, message: 'last' }),
  ];
  const kinds: string[] = [];
  for (;;) {
    const [forBusy, forFree] = await store.append(requests.splice(0, requests.length));
    kinds.push(forBusy?.kind ?? '');
    if (kinds.length === 1) expect(forFree?.kind).toBe('appended');
    if (forBusy?.kind === 'appended') break;
    requests.push(publish({ targetId: busy, message: 'last' }));
  }
  expect(kinds).toEqual(['contended', 'contended', 'appended']);
  expect(await readTexts(store, free)).toEqual(['by SQL', 'last']);
  const expected = [...Array.from({ length: 600 }, (_, count) => String(count)), 'last'];
  expect(await readTexts(store, busy)).toEqual(expected);
});

it('[SQL-5] an application’s open transaction delays neither appends nor moves, for its own targets too', async () => {
  const [mine, other] = [newTarget(), newTarget()];
  // Committed rows on both sides of the open transaction's, so that a scan or a gap lock would meet it.
  for (let count = 0; count < 50; count += 1) {
    await call(application, mine, 'early');
    await application.beginTransaction();
    await call(application, mine, 'open');
    await call(application, other, 'open');
    const bystander = await connectTo(database.url);
    await call(bystander, mine, 'meanwhile');
    const startedAt = performance.now();
    await moveAll();
    await appendOne(mine, 'by HTTP');
    await appendOne(other, 'by HTTP');
    expect(performance.now() - startedAt).toBeLessThan(QUICKLY_MS);
    await bystander.end();
    await application.rollback();
  }
  expect(await waitingCount()).toBe(0);
  expect((await store.readHeads([mine, other])).heads.get(mine)?.head).toBe(150);
});

it('[SQL-5] rows of open transactions between those that are moved hold up nothing, but the naive deletion', async () => {
  const targetId = newTarget();
  const bystander = await connectTo(database.url);
  await bystander.query('SET SESSION innodb_lock_wait_timeout = 1');
  await bystander.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  await application.beginTransaction();
  for (let count = 0; count < 250; count += 1) {
    await call(bystander, targetId, String(count));
    if (count % 10 === 0) await call(application, targetId, 'open');
  }
  const ids = (await rowsOf(bystander, 'SELECT id FROM outbox')).map((row) => Number(row['id']));
  const naive = `DELETE FROM outbox WHERE id IN (${ids.join(',')})`;
  await expect(bystander.query(naive)).rejects.toMatchObject({ errno: 1205 });
  const startedAt = performance.now();
  expect(await moveAll()).toBe(250);
  expect(performance.now() - startedAt).toBeLessThan(QUICKLY_MS);
  await application.rollback();
  await bystander.end();
});

it('[SQL-5] a move holds nothing that an application could wait for', async () => {
  const targetId = newTarget();
  for (let count = 0; count < 20; count += 1) await call(application, targetId, String(count));
  const options = { databaseUrl: database.url, role: 'write', idleSecondsMax: 10 } as const;
  const mover = await openSession(options, new AbortController().signal);
  await writeUncommitted(mover, { requests: [], moveFor: [targetId] }); // all of a move but its COMMIT
  for (const isolation of ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE']) {
    await application.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`);
    await application.query('SET SESSION innodb_lock_wait_timeout = 1');
    await application.beginTransaction();
    await call(application, targetId, 'beside it');
    await application.rollback();
  }
  await mover.run('ROLLBACK');
  mover.destroy();
  expect(await moveAll()).toBe(20);
});

it('[SQL-5] a target whose counter is held is left out of the move, and nobody waits for it', async () => {
  const [held, free] = [newTarget(), newTarget()];
  await appendOne(held, 'first');
  const holder = await connectTo(database.url);
  await holder.beginTransaction();
  await rowsOf(holder, 'SELECT head FROM targets WHERE target_id = ? FOR UPDATE', [held]);
  await call(application, held, 'waits');
  await call(application, free, 'goes');
  const startedAt = performance.now();
  expect(await moveAll()).toBe(1);
  expect(performance.now() - startedAt).toBeLessThan(QUICKLY_MS);
  expect(await readTexts(store, free)).toEqual(['goes']);
  await holder.rollback();
  await holder.end();
  expect(await moveAll()).toBe(1);
  expect(await readTexts(store, held)).toEqual(['first', 'waits']);
});

it('[SQL-5] one target with a long queue keeps no other one waiting', async () => {
  const long = Array.from({ length: 6 }, () => newTarget());
  const short = `${long.at(-1)}-short`;
  await application.beginTransaction();
  for (const targetId of long)
    for (let count = 0; count < 260; count += 1) await call(application, targetId, 'x');
  await call(application, short, 'y');
  await application.commit();
  let pages = 0;
  for (let after: string | undefined = ''; after !== undefined; pages += 1) {
    after = (await store.movePage(after)).nextAfter;
  }
  expect(pages).toBeLessThanOrEqual(3);
  expect(await readTexts(store, short)).toEqual(['y']);
  expect(await moveAll()).toBe(6 * 4);
});

it('[LOG-14] a counter that is behind its rows stops nobody: what comes goes behind them', async () => {
  const [broken, whole] = [newTarget(), newTarget()];
  await appendOne(broken, 'one');
  await application.execute('UPDATE targets SET head = 0 WHERE target_id = ?', [broken]);
  await call(application, broken, 'two');
  await call(application, whole, 'can');
  for (let pages = 0; pages < 5; pages += 1) await store.movePage('');
  expect(await readTexts(store, whole)).toEqual(['can']);
  expect(await readTexts(store, broken)).toEqual(['one', 'two']);
  await application.execute('UPDATE targets SET head = 0 WHERE target_id = ?', [broken]);
  expect(await appendOne(broken, 'three')).toMatchObject({ offset: 3 });
});

it('[SQL-2] two movers at once move every row once, in order', async () => {
  const targetIds = Array.from({ length: 20 }, () => newTarget());
  for (let round = 0; round < 20; round += 1) {
    await application.beginTransaction();
    for (const targetId of targetIds) await call(application, targetId, String(round));
    await application.commit();
  }
  const second = createMysqlMessageStore({ databaseUrl: database.url });
  await Promise.all([moveAll(store), moveAll(second)]);
  await moveAll();
  await second.close();
  const expected = Array.from({ length: 20 }, (_, round) => String(round));
  for (const targetId of targetIds) expect(await readTexts(store, targetId)).toEqual(expected);
});

it('[SQL-5] the naive way, a procedure that takes the counter itself, makes the application a deadlock’s victim', async () => {
  const [first, second] = [`${newTarget()}-a`, `${newTarget()}-b`];
  await store.append([publish({ targetId: first, message: 'x' }, { targetId: second, message: 'x' })]);
  const raise = (targetId: string) =>
    application.execute('UPDATE targets SET head = head + 1 WHERE target_id = ?', [targetId]);
  let victims = 0;
  for (let round = 0; round < 10; round += 1) {
    await application.beginTransaction();
    await raise(second);
    const appending = store.append([
      publish({ targetId: first, message: 'x' }, { targetId: second, message: 'x' }),
    ]);
    await waitUntil('the append waits for the application', async () => {
      // Not innodb_trx: it shows the same for as long as it is read more often than every 0.1 s.
      const [row] = await rowsOf(observer, "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'");
      return Number(row?.['Value']) > 0;
    });
    await raise(first).catch((error: unknown) => {
      expect(error).toMatchObject({ errno: 1213 });
      victims += 1;
    });
    await application.rollback();
    await appending;
  }
  expect(victims).toBeGreaterThan(0);
});
