import { isCommit, type PieceFate, TcpProxy, type TestDatabase, waitUntil } from '@postline/test-support';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, inject, it, vi } from 'vitest';
import type { MessageStore } from '../../../src/message-store.ts';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import { appended, newTarget, publish, readTexts } from '../../support/contract-database.ts';
import { change, changesAfter, cursorOf, join } from '../../support/members.ts';
import { createMigratedDatabase } from '../support/migrated-database.ts';

const DEADLINE_MS = 4_000;
const SLACK_MS = 500;
/** Longer than a connection may be silent before it is asked whether it lives. */
const LATER_MS = 1_500;

let database: TestDatabase;
let proxy: TcpProxy;
let store: MessageStore;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  proxy = await TcpProxy.start(Number(new URL(database.url).port));
  store = createMysqlMessageStore({ databaseUrl: proxy.urlThrough(database.url), deadlineMs: DEADLINE_MS });
});
afterAll(async () => {
  await store.close();
  await proxy.close();
  await database.drop();
});

let targetId: string;
beforeEach(async () => {
  proxy.heal();
  targetId = newTarget();
  await store.append([publish({ targetId, message: 'before' })]);
});

function breakNextCommit(fate: PieceFate): void {
  let isBroken = false;
  const isNextCommit = (piece: Buffer) => {
    if (isBroken || !isCommit(piece)) return false;
    isBroken = true;
    return true;
  };
  proxy.breakAt(isNextCommit, fate);
}

/** The next bytes of a client, on a connection that is open now, end that connection. */
function breakOpenConnections(): void {
  proxy.breakOpenAt(() => true, 'reset-unheard');
}

async function timed<T>(
  work: Promise<T>,
): Promise<{ result: PromiseSettledResult<T>; milliseconds: number }> {
  const startedAt = performance.now();
  const [result] = await Promise.allSettled([work]);
  return { result, milliseconds: performance.now() - startedAt };
}

for (const fate of ['reset-unanswered', 'silence-unanswered'] as const) {
  it(`[LOG-11] ${fate} COMMIT: what was committed is found and answered as if nothing had happened`, async () => {
    breakNextCommit(fate);
    const requests = [
      publish({ targetId, message: 'a' }, { targetId: newTarget(), message: 'b' }),
      publish({ targetId, message: 'c' }),
    ];
    const { result, milliseconds } = await timed(store.append(requests));
    expect(milliseconds).toBeLessThan(DEADLINE_MS + SLACK_MS);
    expect(result.status).toBe('fulfilled');
    const outcomes = result.status === 'fulfilled' ? result.value : [];
    expect(outcomes.flatMap(appended).map(({ message, offset }) => `${message}${offset}`)).toEqual([
      'a2',
      'b1',
      'c3',
    ]);
    const { messages } = await store.readLog({ targetId, afterOffset: 1, limit: 10 });
    const mine = outcomes.flatMap(appended).filter((message) => message.targetId === targetId);
    expect(messages.map((message) => ({ ...message, replayed: false }))).toEqual(mine);
  });
}

for (const fate of ['reset-unanswered', 'silence-unanswered'] as const) {
  it(`[LOG-11] ${fate}: a message that is alone is found by its append, among those that others stored since`, async () => {
    await store.append([publish({ targetId, message: 'the connection is in use' })]);
    breakNextCommit(fate);
    proxy.hold();
    const lost = timed(store.append([publish({ targetId, message: 'alone ✓' })]));
    await waitUntil('the append waits for its look-up', () => proxy.heldCount() > 0);
    const otherStore = createMysqlMessageStore({ databaseUrl: database.url });
    await otherStore.append([publish({ targetId, message: 'of another process' })]);
    await otherStore.close();
    proxy.heal();
    const { result } = await lost;
    const [outcome] = result.status === 'fulfilled' ? result.value : [];
    const { messages, epoch } = await store.readLog({ targetId, afterOffset: 2, limit: 10 });
    expect(messages.map(({ message }) => message)).toEqual(['alone ✓', 'of another process']);
    expect(outcome).toEqual({ kind: 'appended', epoch, messages: [{ ...messages[0], replayed: false }] });
  });
}

/** What is sent with its COMMIT, and what is not. */
const KINDS = {
  alone: () => publish({ targetId, message: 'lost' }),
  together: () => publish({ targetId, message: 'lost' }, { targetId, message: 'lost too' }),
};

it.each(Object.entries(KINDS))(
  '[LOG-11] reset-unheard COMMIT, %s: what was not committed is told at once, and is not sent again',
  async (_, request) => {
    breakNextCommit('reset-unheard');
    const { result, milliseconds } = await timed(store.append([request()]));
    const message = 'the database was lost while committing, and what was written is not found in it';
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable', message } });
    expect(milliseconds).toBeLessThan(DEADLINE_MS + SLACK_MS);
    expect(await readTexts(store, targetId)).toEqual(['before']);
    const [outcome] = await store.append([publish({ targetId, message: 'after' })]);
    expect(appended(outcome)[0]?.offset).toBe(2);
  },
);

it('[LOG-11] a lost append is not taken for its twin, which got the same id and offset', async () => {
  const connection = await createConnection(database.url);
  const rewindIds = async () => {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT MAX(id) + 1 AS next FROM messages');
    const next = Number(rows[0]?.['next']);
    await connection.query(`ALTER TABLE messages AUTO_INCREMENT = ${next}`); // as a server does that lost the rows
    return String(next);
  };
  const twin = publish({ targetId, message: 'twin' });
  const nextId = await rewindIds();
  breakNextCommit('reset-unheard');
  proxy.hold();
  const lost = timed(store.append([twin]));
  const otherStore = createMysqlMessageStore({ databaseUrl: database.url });
  await waitUntil('the lost append waits for its look-up', () => proxy.heldCount() > 0);
  await rewindIds();
  const [outcome] = await otherStore.append([twin]);
  proxy.heal();

  expect(appended(outcome)).toMatchObject([{ id: nextId, offset: 2 }]);
  expect((await lost).result).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
  expect(await readTexts(store, targetId)).toEqual(['before', 'twin']);
  await otherStore.close();
  await connection.end();
});

it('[LOG-11] rows that retention deleted before the look-up are not said to be stored', async () => {
  breakNextCommit('reset-unanswered');
  proxy.hold();
  const lost = timed(store.append([publish({ targetId, message: 'soon deleted' })]));
  await waitUntil('the append waits for its look-up', () => proxy.heldCount() > 0);
  const connection = await createConnection(database.url);
  await connection.query('DELETE FROM messages WHERE target_id = ?', [targetId]);
  await connection.end();
  proxy.heal();
  expect((await lost).result).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
});

it('[LOG-11] on MariaDB the look-up first waits until its node of a cluster has applied every commit', async ({
  skip,
}) => {
  const connection = await createConnection(database.url);
  const [[server]] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
  await connection.end();
  if (!/mariadb/i.test(String(server?.['version']))) skip('only MariaDB has Galera clusters');
  const steps: string[] = [];
  let isBroken = false;
  const isNextCommit = (piece: Buffer) => {
    const step = /wsrep_sync_wait = 15|FOR UPDATE|append_id = \?/.exec(piece.toString('latin1'))?.[0];
    if (isBroken && step !== undefined) steps.push(step);
    if (isBroken || !isCommit(piece)) return false;
    isBroken = true;
    return true;
  };
  proxy.breakAt(isNextCommit, 'reset-unanswered');
  await store.append([publish({ targetId, message: 'a' }, { targetId, message: 'b' })]);
  expect(steps).toEqual(['wsrep_sync_wait = 15', 'FOR UPDATE', 'append_id = ?']);
});

it.each(Object.entries(KINDS))(
  '[LOG-11] silence-unheard COMMIT, %s: while the old session lives nobody knows, and the caller is told so in time',
  async (_, request) => {
    breakNextCommit('silence-unheard');
    const { result, milliseconds } = await timed(store.append([request()]));
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
    expect(milliseconds).toBeGreaterThan(DEADLINE_MS - SLACK_MS);
    expect(milliseconds).toBeLessThan(DEADLINE_MS + SLACK_MS);
  },
);

it('[LOG-8] a connection that dies while a statement is sent on it is replaced before anything was written', async () => {
  await store.append([publish({ targetId, message: 'warm' })]);
  await store.readHeads([targetId]);
  breakOpenConnections();
  const [outcome] = await store.append([
    publish({ targetId, message: 'after' }, { targetId, message: 'the cut' }),
  ]);
  expect(appended(outcome)[0]?.offset).toBe(3);
  breakOpenConnections();
  expect((await store.readHeads([targetId])).heads.get(targetId)?.head).toBe(4);
});

it('[LOG-8] a message that is alone is not sent on a connection that died while it was silent', async () => {
  await store.append([publish({ targetId, message: 'warm' })]);
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + LATER_MS);
  breakOpenConnections();
  await store.append([publish({ targetId, message: 'after the cut' })]);
  vi.restoreAllMocks();
  expect(await readTexts(store, targetId)).toEqual(['before', 'warm', 'after the cut']);
});

for (const fate of ['reset-unanswered', 'silence-unanswered', 'reset-unheard'] as const) {
  it(`[GRP-13] ${fate} COMMIT: a change of members is made once, and answered as if nothing had happened`, async () => {
    const group = newTarget();
    await join(store, group, 'ben');
    const cursor = await cursorOf(store);
    breakNextCommit(fate);
    const changing = store.changeMembers([change(group, { add: ['anna'], remove: ['ben', 'nobody'] })]);
    const { result, milliseconds } = await timed(changing);
    expect(milliseconds).toBeLessThan(DEADLINE_MS + SLACK_MS);
    expect(result).toMatchObject({
      value: { outcomes: [{ added: [{ clientId: 'anna', isNew: true }], removed: ['ben'] }] },
    });
    const { changes } = await changesAfter(store, cursor);
    expect(changes.map(({ clientId, state }) => `${clientId} ${state}`)).toEqual(['anna member', 'ben left']);
  });
}

it('[GRP-13] silence-unheard COMMIT: while the old transaction lives nobody knows, and the change can be repeated', async () => {
  const group = newTarget();
  breakNextCommit('silence-unheard');
  const { result, milliseconds } = await timed(join(store, group, 'anna'));
  expect(milliseconds).toBeLessThan(DEADLINE_MS + SLACK_MS);
  expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
  proxy.heal();
  await waitUntil('the server has ended the old transaction', async () => {
    const outcome = await join(store, group, 'anna').catch(() => undefined);
    return outcome?.kind === 'changed';
  });
  expect(await store.readMembers({ groupName: group, afterClientId: '', limit: 9 })).toHaveLength(1);
});
