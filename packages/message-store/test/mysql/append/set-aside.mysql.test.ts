import { type TestDatabase, waitUntil } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { createMysqlMessageStore } from '../../../src/mysql/index.ts';
import type { SetAsideRow } from '../../../src/outbox.ts';
import { appendOne, newTarget, readTexts } from '../../support/contract-database.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

let database: TestDatabase;
let byHand: Connection;
let store: ReturnType<typeof createMysqlMessageStore>;
let told: SetAsideRow[];

beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  byHand = await connectTo(database.url);
  // A table that takes anything: as with its checks switched off, and with the bytes of whatever server there may be.
  await byHand.query(`ALTER TABLE outbox DROP CONSTRAINT outbox_target_id, DROP CONSTRAINT outbox_message,
    MODIFY target_id VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL, MODIFY message MEDIUMBLOB NULL`);
  store = createMysqlMessageStore({ databaseUrl: database.url });
});
afterAll(async () => {
  await store.close();
  await byHand.end();
  await database.drop();
});
beforeEach(async () => {
  await byHand.query('DELETE FROM outbox_refused');
  told = [];
  store.onSetAside((row) => told.push(row));
});

async function put(targetId: string | null, message: string | Buffer | null): Promise<void> {
  await byHand.execute('INSERT INTO outbox (target_id, message) VALUES (?, ?)', [targetId, message]);
}

/** Goes through the outbox until nothing is left to do at once, as the API does. */
async function moveAll(mover = store): Promise<number> {
  let movedCount = 0;
  let hasMore = false;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = await mover.movePage(after);
    movedCount += page.movedCount;
    hasMore ||= page.hasMore;
    after = page.nextAfter;
  }
  return hasMore ? movedCount + (await moveAll(mover)) : movedCount;
}

const SURROGATE = Buffer.from('eda080', 'hex');
const BAD_TEXTS: Readonly<Record<string, Buffer | null>> = {
  'an encoded surrogate': SURROGATE,
  'surrogates that grow beyond what a log holds': Buffer.alloc(65_535, SURROGATE),
  'a character that is cut off': Buffer.from('41f09f98', 'hex'),
  'a form that is too long': Buffer.from('c0af', 'hex'),
  'what is beyond U+10FFFF': Buffer.from('f4908080', 'hex'),
  nothing: Buffer.from(''),
  NULL: null,
  '65,536 bytes': Buffer.alloc(65_536, 'x'),
};

it.each(Object.entries(BAD_TEXTS))(
  '[SQL-8] %s stands before nobody: it is set aside as it is, and told once',
  async (_name, message) => {
    const [target, other] = [newTarget(), newTarget()];
    await put(target, 'before');
    await put(target, message);
    await put(target, 'behind');
    await put(other, 'of another');
    expect(await moveAll()).toBe(3);
    expect(await readTexts(store, target)).toEqual(['before', 'behind']);
    expect(await readTexts(store, other)).toEqual(['of another']);
    expect(await rowsOf(byHand, 'SELECT id FROM outbox')).toEqual([]);
    const refused = await rowsOf(
      byHand,
      'SELECT outbox_id, target_id, message, created_at, reason FROM outbox_refused',
    );
    expect(refused).toMatchObject([
      { target_id: Buffer.from(target), message, created_at: expect.any(String) },
    ]);
    expect(told).toEqual([
      { outboxId: String(refused[0]?.['outbox_id']), targetId: target, reason: refused[0]?.['reason'] },
    ]);
    expect(await moveAll()).toBe(0);
    expect(told).toHaveLength(1);
  },
);

it('[SQL-8] an append for the same target comes after what can be moved, in one go', async () => {
  const target = newTarget();
  await put(target, 'before');
  await put(target, Buffer.alloc(65_535, SURROGATE));
  await put(target, 'behind');
  expect(await appendOne(store, { targetId: target, message: 'by HTTP' })).toMatchObject({ offset: 3 });
  expect(await readTexts(store, target)).toEqual(['before', 'behind', 'by HTTP']);
  expect(told).toHaveLength(1);
});

it('[SQL-8] what was put there for no id is set aside too, and its look-alike gets nothing of it', async () => {
  const target = newTarget();
  const badIds = [
    null,
    '',
    ' ',
    `${target} `,
    `.${target}`,
    'group:',
    '__proto__',
    'a b',
    'x'.repeat(129),
    'a\u0001',
  ];
  for (const badId of badIds) await put(badId, 'for nobody');
  await put(target, 'for the target');
  await moveAll();
  expect(await rowsOf(byHand, 'SELECT id FROM outbox')).toEqual([]);
  expect(await readTexts(store, target)).toEqual(['for the target']);
  expect(await rowsOf(byHand, "SELECT id FROM messages WHERE message = 'for nobody'")).toEqual([]);
  expect(told.map(({ reason }) => reason)).toEqual(badIds.map(() => 'target_id is no target id'));
  const refused = await rowsOf(byHand, 'SELECT target_id FROM outbox_refused');
  expect(refused.map((row) => (row['target_id'] as Buffer | null)?.toString() ?? null).sort()).toEqual(
    badIds.sort(),
  );
});

it('[SQL-8] an append finds a row for its id with a space behind it, and sets it aside', async () => {
  const target = newTarget();
  await put(`${target} `, 'for nobody');
  await put(target, 'moved');
  expect(await appendOne(store, { targetId: target, message: 'appended' })).toMatchObject({ offset: 2 });
  expect(await readTexts(store, target)).toEqual(['moved', 'appended']);
  expect(told).toMatchObject([{ targetId: `${target} ` }]);
});

it('[SQL-8] hundreds of them, before and among others: two APIs move each of the others once, and tell each once', async () => {
  const second = createMysqlMessageStore({ databaseUrl: database.url });
  second.onSetAside((row) => told.push(row));
  const targets = [newTarget(), newTarget()];
  for (let n = 0; n < 40; n += 1)
    for (const target of targets) {
      for (let bad = 0; bad < 4; bad += 1) await put(target, SURROGATE);
      await put(target, `good ${n}`);
      await put(`${target} ${n}`, 'for nobody');
    }
  const expected = Array.from({ length: 40 }, (_, n) => `good ${n}`);
  for (;;) {
    await Promise.all([moveAll(), moveAll(second)]);
    if ((await rowsOf(byHand, 'SELECT id FROM outbox LIMIT 1')).length === 0) break;
  }
  for (const target of targets) expect(await readTexts(store, target)).toEqual(expected);
  const toldIds = told.map(({ outboxId }) => outboxId);
  expect(new Set(toldIds).size).toBe(toldIds.length);
  const [count] = await rowsOf(byHand, 'SELECT COUNT(*) AS n FROM outbox_refused');
  expect([count?.['n'], toldIds.length]).toEqual([400, 400]);
  await second.close();
});

it('[SQL-8] a row that the database refuses for a reason of its own is found among its neighbours', async () => {
  await byHand.query("ALTER TABLE messages ADD CONSTRAINT by_the_owner CHECK (message NOT LIKE 'unwanted%')");
  const [target, other] = [newTarget(), newTarget()];
  const texts = Array.from({ length: 21 }, (_, n) =>
    n === 13 || n === 14 ? `unwanted ${n}` : `wanted ${n}`,
  );
  for (const text of texts) await put(target, text);
  await put(other, 'of another');
  const wanted = texts.filter((text) => text.startsWith('wanted'));
  // Halving takes about 20 transactions: a slow disk may need more than one append's time, and each goes on from there.
  const message = { targetId: target, message: 'wanted by HTTP', idempotencyKey: 'by-HTTP' };
  expect(await waitUntil('it is appended', () => appendOne(store, message))).toMatchObject({ offset: 20 });
  await moveAll();
  expect(await readTexts(store, target)).toEqual([...wanted, 'wanted by HTTP']);
  expect(await readTexts(store, other)).toEqual(['of another']);
  expect(told).toHaveLength(2);
  expect(told[0]?.reason).toContain('by_the_owner');
  await byHand.query('ALTER TABLE messages DROP CONSTRAINT by_the_owner');
});
