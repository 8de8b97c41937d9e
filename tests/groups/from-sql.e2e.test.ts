/** Joins, leaves and messages inside an application's own transaction, as connected clients see them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RelayClient, waitUntil } from '@postline/test-support';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTwoApiSystem, type TwoApiSystem } from '../e2e/system.ts';
import { ask, expectContinuous, join, leave, send } from './group-services.ts';

const SEEN_WITHIN_MS = 2_000;
/** Longer than all our lock waits (1 s) and the deadline of a call (4 s). */
const LEFT_OPEN_MS = 8_000;
const ANSWERED_WITHIN_MS = 1_000;

let system: TwoApiSystem;
let application: Connection;
const opened: RelayClient[] = [];

beforeAll(async () => {
  system = await startTwoApiSystem();
});
afterAll(async () => {
  await system.stop();
});
beforeEach(async () => {
  application = await createConnection(system.database.url);
});
afterEach(async () => {
  await application.end();
  await Promise.all(opened.splice(0).map((reader) => reader.close()));
});

async function read(clientId: string): Promise<RelayClient> {
  const reader = await RelayClient.identified(system.relay.url, { clientId, groups: true });
  opened.push(reader);
  return reader;
}

type Call = readonly ['join' | 'leave' | 'publish', group: string, what: string];

async function call(connection: Connection, [procedure, group, what]: Call): Promise<void> {
  if (procedure === 'publish')
    await connection.execute('CALL publish_message(?, ?)', [`group:${group}`, what]);
  else await connection.execute(`CALL ${procedure}_group(?, ?)`, [group, what]);
}

async function inOneTransaction(...calls: readonly Call[]): Promise<void> {
  await application.beginTransaction();
  for (const one of calls) await call(application, one);
  await application.commit();
}

it('[GRP-8] a new member gets what was published after its join in the same transaction, and nothing before', async () => {
  const [anna, ben, other] = await Promise.all([read('anna'), read('ben'), read('other')]);
  await application.beginTransaction();
  for (const one of [
    ['publish', 'room', 'before all'],
    ['join', 'room', 'anna'],
    ['publish', 'room', 'for anna'],
    ['join', 'room', 'ben'],
    ['publish', 'room', 'for both'],
  ] as const)
    await call(application, one);
  await Promise.all([anna, ben].map((reader) => reader.settled()));
  expect([...anna.framesOf('group:room'), ...ben.framesOf('group:room')]).toEqual([]);
  await application.commit();
  expect(await anna.textsOf('group:room', 2, SEEN_WITHIN_MS)).toEqual(['for anna', 'for both']);
  expect(await ben.textsOf('group:room', 1, SEEN_WITHIN_MS)).toEqual(['for both']);
  expect(anna.framesOf('group:room')[0]).toMatchObject({ type: 'followed', cause: 'joined', offset: 1 });
  expect(ben.framesOf('group:room')[0]).toMatchObject({ type: 'followed', cause: 'joined', offset: 2 });
  await send(system.api.url, 'group:room', 'by HTTP');
  await anna.textsOf('group:room', 3);
  await other.settled();
  expect(other.framesOf('group:room')).toEqual([]);
});

it('[GRP-8] a client that joined while away gets everything since the join when it reconnects', async () => {
  await inOneTransaction(
    ['publish', 'away', 'before'],
    ['join', 'away', 'carl'],
    ['publish', 'away', 'after 1'],
    ['publish', 'away', 'after 2'],
  );
  await send(system.api.url, 'group:away', 'by HTTP'); // afterwards the outbox is moved
  const reader = await RelayClient.identified(system.relay.url, {
    clientId: 'carl',
    groups: true,
    resume: 'start',
  });
  opened.push(reader);
  expect(await reader.textsOf('group:away', 3)).toEqual(['after 1', 'after 2', 'by HTTP']);
});

it('[GRP-8] of several changes of one member in one transaction, the last one counts', async () => {
  await inOneTransaction(['join', 'changing', 'dora'], ['join', 'changing', 'eve']);
  expect((await join(system.api.url, 'changing', 'eve')).status).toBe(200); // afterwards the calls are moved
  const [dora, eve] = await Promise.all([read('dora'), read('eve')]);
  await inOneTransaction(
    ['leave', 'changing', 'dora'],
    ['publish', 'changing', 'while dora is none'],
    ['join', 'changing', 'dora'],
    ['publish', 'changing', 'for both'],
    ['join', 'changing', 'frank'],
    ['leave', 'changing', 'frank'],
  );
  expect(await eve.textsOf('group:changing', 2, SEEN_WITHIN_MS)).toEqual(['while dora is none', 'for both']);
  // Until the relay knows the change, messages may still arrive as before.
  const followed = await dora.frameOf('group:changing', 'followed', { milliseconds: SEEN_WITHIN_MS });
  expect(followed).toMatchObject({ offset: 1, cause: 'joined' });
  const since = () =>
    dora.framesOf('group:changing').slice(dora.framesOf('group:changing').indexOf(followed) - 1);
  await waitUntil('the message after the join', () => since().length >= 3);
  await dora.settled();
  expect(since()).toMatchObject([
    { type: 'unfollowed', cause: 'left' },
    { type: 'followed' },
    { type: 'new_message', data: 'for both' },
  ]);
  const { body } = await ask(system.api.url, 'GET', '/groups/changing/members');
  expect(body).toMatchObject({
    members: [
      { clientId: 'dora', from: 1 },
      { clientId: 'eve', from: 0 },
    ],
  });
});

it('[GRP-8] changes that are rolled back have no effect', async () => {
  const reader = await read('gina');
  await application.beginTransaction();
  await call(application, ['join', 'rolled-back', 'gina']);
  await call(application, ['publish', 'rolled-back', 'never']);
  await application.rollback();
  await inOneTransaction(['join', 'kept', 'gina'], ['publish', 'kept', 'seen']);
  expect(await reader.textsOf('group:kept', 1, SEEN_WITHIN_MS)).toEqual(['seen']);
  expect(reader.framesOf('group:rolled-back')).toEqual([]);
  expect((await ask(system.api.url, 'GET', '/groups/rolled-back/members')).body).toMatchObject({
    members: [],
  });
});

describe('[GRP-14] an application’s transaction that stays open', () => {
  it('delays neither members nor messages of its groups, and takes effect when it commits', async () => {
    const reader = await read('hans');
    await application.beginTransaction();
    await call(application, ['join', 'held', 'hans']);
    await call(application, ['leave', 'held', 'ida']);
    await call(application, ['publish', 'held', 'from the open transaction']);
    const times: number[] = [];
    for (const end = performance.now() + LEFT_OPEN_MS; performance.now() < end; ) {
      const api = times.length % 2 === 0 ? system.api.url : system.secondApi.url;
      const startedAt = performance.now();
      expect((await join(api, 'held', 'ida')).status).toBe(201);
      await send(api, 'group:held', 'by HTTP');
      const body = { add: ['jan'], remove: ['ida'] };
      expect(await ask(api, 'POST', '/groups/held/members/batch', { body })).toMatchObject({ status: 200 });
      expect((await leave(api, 'held', 'jan')).status).toBe(204);
      times.push((performance.now() - startedAt) / 4);
      await sleep(50);
    }
    expect(Math.max(...times)).toBeLessThan(ANSWERED_WITHIN_MS);
    await reader.settled();
    expect(reader.framesOf('group:held')).toEqual([]);
    expect((await join(system.api.url, 'held', 'ida')).status).toBe(201);
    await application.commit();
    expect(await reader.textsOf('group:held', 1, SEEN_WITHIN_MS)).toEqual(['from the open transaction']);
    expect((await ask(system.api.url, 'GET', '/groups/held/members')).body).toMatchObject({
      members: [{ clientId: 'hans', from: times.length }],
    });
  });

  it('is never chosen as the victim of a deadlock, whatever it changes in any order', async () => {
    const groups = ['deadlock-a', 'deadlock-b', 'deadlock-c'];
    let isBusy = true;
    const requests = [system.api.url, system.secondApi.url].flatMap((api) =>
      [groups, groups.toReversed()].map(async (order) => {
        for (let round = 0; isBusy; round += 1)
          for (const group of order) {
            const body =
              round % 2 === 0 ? { add: ['a', 'b'], remove: ['c'] } : { add: ['c'], remove: ['a', 'b'] };
            const { status } = await ask(api, 'POST', `/groups/${group}/members/batch`, { body });
            expect(status).toBe(200);
          }
      }),
    );
    const applications = [groups, groups.toReversed()].map(async (order) => {
      const connection = await createConnection(system.database.url);
      for (let round = 0; round < 20; round += 1) {
        await connection.beginTransaction();
        for (const group of [...order, ...order]) {
          await call(connection, ['join', group, 'a']);
          await call(connection, ['publish', group, 'by SQL']);
          await call(connection, ['leave', group, 'b']);
          await sleep(5); // gives other transactions a chance to run
        }
        await (round % 3 === 0 ? connection.rollback() : connection.commit());
      }
      await connection.end();
    });
    const results = await Promise.allSettled(applications);
    isBusy = false;
    await Promise.all(requests);
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
  });
});

it.each([
  ['', 'anna'],
  ['a b', 'anna'],
  ['group:', 'anna é'],
  ['n'.repeat(123), 'anna'],
  ['room', ''],
  ['room', 'group:x'],
  ['room', '__proto__'],
  ['room', 'c'.repeat(129)],
])('[GRP-10] the name %j and the id %j are refused with SQLSTATE 45000', async (group, clientId) => {
  for (const procedure of ['join', 'leave'])
    await expect(
      application.execute(`CALL ${procedure}_group(?, ?)`, [group, clientId]),
    ).rejects.toMatchObject({
      sqlState: '45000',
    });
});

it('[GRP-8] [GRP-9] many joins, leaves and messages by SQL and HTTP through two APIs: each member gets exactly its messages', async () => {
  const rounds = 20;
  const clients = ['crowd-1', 'crowd-2', 'crowd-3', 'crowd-4'];
  const readers = await Promise.all(clients.map(read));
  await Promise.all(
    clients.map(async (clientId, index) => {
      const connection = await createConnection(system.database.url);
      const api = index % 2 === 0 ? system.api.url : system.secondApi.url;
      for (let round = 0; round < rounds; round += 1) {
        await connection.beginTransaction();
        await call(connection, ['join', 'crowd', clientId]);
        await call(connection, ['publish', 'crowd', `in ${clientId} ${round}`]);
        await connection.commit();
        await send(api, 'group:crowd', `still ${clientId} ${round}`);
        if (round === rounds - 1) break;
        await leave(api, 'crowd', clientId);
      }
      await connection.end();
    }),
  );
  await send(system.api.url, 'group:crowd', 'end');
  for (const reader of readers) {
    const frames = () => reader.framesOf('group:crowd');
    await waitUntil('the last message', () => frames().at(-1)?.['data'] === 'end');
    expectContinuous(frames());
  }
  for (const [index, reader] of readers.entries()) {
    const own = reader.framesOf('group:crowd', 'new_message').map((frame) => String(frame['data']));
    const last = [`in ${clients[index]} ${rounds - 1}`, `still ${clients[index]} ${rounds - 1}`];
    expect(own).toEqual(expect.arrayContaining(last));
  }
});
