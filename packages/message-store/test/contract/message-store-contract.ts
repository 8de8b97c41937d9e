import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessageStore } from '../../src/message-store.ts';
import { describeAcks } from './ack-contract.ts';
import type { LogTrimmer } from '../../src/log-trimmer.ts';
import { describeConcurrentAppends } from '../support/concurrent-appends.ts';
import {
  appended,
  appendOne,
  type ContractDatabase,
  newTarget,
  publish,
  readTexts,
} from '../support/contract-database.ts';
import { describeDisconnects } from './disconnect-contract.ts';
import { describeIdempotency } from './idempotency-contract.ts';
import { describeMemberChanges } from './member-changes-contract.ts';
import { describeMembers } from './member-contract.ts';
import { describeReading } from './reading-contract.ts';
import { describeRetention } from './retention-contract.ts';

const MESSAGE_BYTES_MAX = 65_535;

/** Some write hundreds of times, each with an fsync; on a busy machine that takes a while. */
const TEST_MS = 30_000;

/** Everything that a kind of MessageStore promises. */
export function describeMessageStore(title: string, createDatabase: () => Promise<ContractDatabase>): void {
  describe(title, { timeout: TEST_MS }, () => {
    let database: ContractDatabase;
    let store: MessageStore & LogTrimmer;
    beforeAll(async () => {
      database = await createDatabase();
      store = await database.openStore();
    });
    afterAll(async () => {
      await store.close();
      await database.remove();
    });

    describeAppending(() => store);
    describeText(() => store);
    describeIds(() => store);
    describeReading(
      () => store,
      () => database,
    );
    describeIdempotency(() => store);
    describeAcks(
      () => store,
      () => database,
    );
    describeDisconnects(
      () => store,
      () => database,
    );
    describeMembers(
      () => store,
      () => database,
    );
    describeMemberChanges(
      () => store,
      () => database,
    );
    describeRetention(
      () => store,
      () => database,
    );
    describeConcurrentAppends(
      () => store,
      () => database,
    );
  });
}

function describeAppending(store: () => MessageStore): void {
  it('[LOG-1] gives a target the offsets 1, 2, 3, … over calls, requests and messages', async () => {
    const [a, b] = [newTarget(), newTarget()];
    const first = await store().append([
      publish({ targetId: a, message: 'a1' }),
      publish({ targetId: b, message: 'b1' }, { targetId: a, message: 'a2' }, { targetId: b, message: 'b2' }),
    ]);
    const second = await store().append([publish({ targetId: a, message: 'a3' })]);
    const places = [...first, ...second]
      .flatMap(appended)
      .map((m) => `${m.message}@${m.targetId}:${m.offset}`);
    expect(places).toEqual([`a1@${a}:1`, `b1@${b}:1`, `a2@${a}:2`, `b2@${b}:2`, `a3@${a}:3`]);
    expect(await readTexts(store(), a)).toEqual(['a1', 'a2', 'a3']);
  });

  it('[PUB-1] [PUB-4] answers what was stored, in order, with ids, epoch and the time in UTC', async () => {
    const targetId = newTarget();
    const [outcome] = await store().append([
      publish({ targetId, message: 'one' }, { targetId, message: 'two' }),
    ]);
    const messages = appended(outcome);
    const { epoch, messages: read } = await store().readLog({ targetId, afterOffset: 0, limit: 10 });
    expect(outcome).toMatchObject({ epoch });
    expect(read.map((message) => ({ ...message, replayed: false }))).toEqual(messages);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(2);
    for (const { id, createdAt, replayed } of messages) {
      expect(id).toMatch(/^[1-9]\d*$/);
      expect(createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(Math.abs(Date.now() - Date.parse(createdAt))).toBeLessThan(60_000);
      expect(replayed).toBe(false);
    }
  });

  it('[LOG-3] a request that the database refuses fails alone, and none of it is stored', async () => {
    const [good, bad] = [newTarget(), newTarget()];
    const tooLong = 'x'.repeat(MESSAGE_BYTES_MAX + 1);
    const requests = Array.from({ length: 40 }, (_, index) =>
      index === 17 || index === 31
        ? publish({ targetId: good, message: 'with a bad one' }, { targetId: bad, message: tooLong })
        : publish({ targetId: good, message: `good ${index}` }),
    );
    const outcomes = await store().append(requests);
    const failed = outcomes.flatMap(({ kind }, index) => (kind === 'failed' ? [index] : []));
    expect(failed).toEqual([17, 31]);
    expect(outcomes.filter(({ kind }) => kind === 'appended')).toHaveLength(38);
    const { head, messages } = await store().readLog({ targetId: good, afterOffset: 0, limit: 100 });
    expect(head).toBe(38);
    expect(messages.map(({ offset }) => offset)).toEqual(Array.from({ length: 38 }, (_, index) => index + 1));
    expect(await readTexts(store(), good)).not.toContain('with a bad one');
    expect((await store().readHeads([bad])).heads.get(bad)?.head).toBe(0);
  });

  it('[LOG-3] what could only be stored as something else is refused', async () => {
    const targetId = newTarget();
    const outcomes = await store().append([
      publish({ targetId, message: 'lone \ud800 surrogate' }),
      publish({ targetId: 'no space', message: 'x' }),
      publish({ targetId: '', message: 'x' }),
      publish({ targetId, message: 'x', idempotencyKey: '' }),
      publish(),
      publish({ targetId, message: 'fine' }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual([...Array<string>(5).fill('failed'), 'appended']);
    expect(await readTexts(store(), targetId)).toEqual(['fine']);
  });

  it('[PUB-4] stores a batch of 1,000 messages and 8 MiB in one request', async () => {
    const targets = [newTarget(), newTarget(), newTarget()];
    const messages = Array.from({ length: 1_000 }, (_, index) => ({
      targetId: targets[index % 3]!,
      message: `${index} `.padEnd(index % 100 === 0 ? MESSAGE_BYTES_MAX : 7_600, 'x'),
    }));
    const [outcome] = await store().append([publish(...messages)]);
    expect(appended(outcome).map(({ message }) => message)).toEqual(messages.map(({ message }) => message));
    expect(new Set(appended(outcome).map(({ id }) => id)).size).toBe(1_000);
    for (const targetId of targets) {
      const { messages: read, head } = await store().readLog({ targetId, afterOffset: 0, limit: 1_000 });
      const mine = appended(outcome).filter((message) => message.targetId === targetId);
      expect(head).toBe(mine.length);
      expect(read.map(({ id, offset, message }) => [id, offset, message])).toEqual(
        mine.map(({ id, offset, message }) => [id, offset, message]),
      );
    }
  });

  it('appending nothing gives nothing', async () => {
    expect(await store().append([])).toEqual([]);
  });
}

function describeText(store: () => MessageStore): void {
  const texts: Readonly<Record<string, string>> = {
    emoji: '👩‍👩‍👧 and 𝄞',
    NUL: 'before\0after\0',
    'only NUL': '\0',
    quotes: `'"\`\\' OR 1=1; -- \\0 \\n %_ ? :name`,
    'trailing spaces': ' padded  \t\r\n ',
    'a byte order mark': '\ufeffstart',
    'combining and composed': 'e\u0301 is not é',
    'ends of the planes': '\u{10ffff}\ufffd\uffff\u0001\u007f\u0080',
    'one ASCII character': 'x',
    '65,535 bytes of ASCII': 'a'.repeat(MESSAGE_BYTES_MAX),
    '65,535 bytes of emoji and more': `${'😀'.repeat(16_383)}abc`,
  };
  for (const [name, text] of Object.entries(texts)) {
    it(`[LOG-4] reads what was written: ${name}`, async () => {
      const targetId = newTarget();
      expect((await appendOne(store(), { targetId, message: text })).message).toBe(text);
      expect(await readTexts(store(), targetId)).toEqual([text]);
    });
  }

  it('[LOG-4] reads what was written: any well-formed text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', minLength: 1 }), { minLength: 1 }),
        async (all) => {
          const targetId = newTarget();
          await store().append([publish(...all.map((message) => ({ targetId, message })))]);
          expect(await readTexts(store(), targetId)).toEqual(all);
        },
      ),
      { numRuns: 50 },
    );
  });
}

function describeIds(store: () => MessageStore): void {
  it('[LOG-5] ids that look alike are different targets', async () => {
    const ids = [
      'bob',
      'Bob',
      'BOB',
      'bob.',
      'bob-',
      '0bob',
      '0',
      '00',
      '1',
      '01',
      '1.0',
      '1e0',
      'x'.repeat(128),
    ];
    await store().append(ids.map((targetId) => publish({ targetId, message: `for ${targetId}` })));
    for (const targetId of ids) expect(await readTexts(store(), targetId)).toEqual([`for ${targetId}`]);
    const { heads } = await store().readHeads(ids);
    expect([...heads.values()].map(({ head }) => head)).toEqual(ids.map(() => 1));
  });

  it('[LOG-5] an id that a database could take for another one is refused, reading and writing', async () => {
    await appendOne(store(), { targetId: 'alice', message: 'hers' });
    for (const targetId of [
      'alice ',
      ' alice',
      'álice',
      'alice\0',
      'alice\n',
      '+alice',
      '__proto__',
      '',
      'x'.repeat(129),
    ]) {
      const [outcome] = await store().append([publish({ targetId, message: 'not hers' })]);
      expect(outcome?.kind).toBe('failed');
      await expect(store().readLog({ targetId, afterOffset: 0, limit: 10 })).rejects.toThrow(RangeError);
      await expect(store().readHeads([targetId])).rejects.toThrow(RangeError);
    }
    expect(await readTexts(store(), 'alice')).toEqual(['hers']);
  });
}
