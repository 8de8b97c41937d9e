import { expect, it } from 'vitest';
import { type EarlierLogQuery, HEADS_PER_READ_MAX, type MessageStore } from '../../src/message-store.ts';
import { appendOne, type ContractDatabase, newTarget, publish } from '../support/contract-database.ts';

export const EPOCH_PATTERN = /^[A-Za-z0-9_-]{22}$/;

const LONG_TEXTS = [
  'x'.repeat(65_535),
  '\u0001'.repeat(30_000),
  'é'.repeat(30_000),
  'mid'.repeat(1_000),
  '\ud83d\ude80'.repeat(16_000),
];

/** LOG-6 to LOG-8, as far as every kind answers for them. */
export function describeReading(store: () => MessageStore, database: () => ContractDatabase): void {
  it('reads pages after a cursor, oldest first', async () => {
    const targetId = newTarget();
    await store().append([
      publish(...Array.from({ length: 300 }, (_, index) => ({ targetId, message: `m${index + 1}` }))),
    ]);
    const seen: string[] = [];
    for (let cursor = 0; ; ) {
      const { messages, head } = await store().readLog({ targetId, afterOffset: cursor, limit: 128 });
      expect(head).toBe(300);
      if (messages.length === 0) break;
      expect(messages[0]!.offset).toBe(cursor + 1);
      seen.push(...messages.map(({ message }) => message));
      cursor = messages.at(-1)!.offset;
    }
    expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => `m${index + 1}`));
  });

  it('[LOG-15] a read ends where the texts come to its bound in bytes, after one row at least, and says so', async () => {
    const targetId = newTarget();
    const texts = [...Array.from({ length: 40 }, () => 'short'), ...LONG_TEXTS, 'short'];
    await store().append([publish(...texts.map((message) => ({ targetId, message })))]);
    for (const limit of [3, 64, 1_000]) {
      for (const bytesMax of [1, 100, 65_535, 200_000]) {
        const read: string[] = [];
        for (let hasMore = true; hasMore; ) {
          const query = { targetId, afterOffset: read.length, limit, bytesMax };
          const { messages, ...slice } = await store().readLog(query);
          const bytes = messages.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0);
          expect(messages.length).toBeLessThanOrEqual(limit);
          if (messages.length > 1) expect(bytes).toBeLessThanOrEqual(bytesMax);
          expect(messages[0]?.offset).toBe(slice.head === read.length ? undefined : read.length + 1);
          read.push(...messages.map(({ message }) => message));
          hasMore = slice.hasMore;
        }
        expect(read).toEqual(texts);
      }
    }
  });

  it('[LOG-16] reads back from an offset or from the head, oldest first', async () => {
    const targetId = newTarget();
    await store().append([
      publish(...Array.from({ length: 30 }, (_, index) => ({ targetId, message: `m${index + 1}` }))),
    ]);
    const offsets = async (query: Partial<EarlierLogQuery>) => {
      const slice = await store().readEarlierLog({ targetId, limit: 5, ...query });
      expect(slice.head).toBe(30);
      expect(slice.messages.map(({ message }) => message)).toEqual(
        slice.messages.map(({ offset }) => `m${offset}`),
      );
      return [slice.messages.map(({ offset }) => offset), slice.hasMore, slice.truncatedBefore];
    };
    expect(await offsets({})).toEqual([[26, 27, 28, 29, 30], true, undefined]);
    expect(await offsets({ beforeOffset: 31 })).toEqual([[26, 27, 28, 29, 30], true, undefined]);
    expect(await offsets({ beforeOffset: Number.MAX_SAFE_INTEGER })).toEqual([
      [26, 27, 28, 29, 30],
      true,
      undefined,
    ]);
    expect(await offsets({ beforeOffset: 26 })).toEqual([[21, 22, 23, 24, 25], true, undefined]);
    expect(await offsets({ beforeOffset: 5 })).toEqual([[1, 2, 3, 4], false, undefined]);
    expect(await offsets({ beforeOffset: 1 })).toEqual([[], false, undefined]);
    expect(await offsets({ beforeOffset: 0 })).toEqual([[], false, undefined]);
    expect(await offsets({ beforeOffset: 26, afterOffset: 23 })).toEqual([[24, 25], false, 24]);
    expect(await offsets({ beforeOffset: 10, afterOffset: 23 })).toEqual([[], false, 24]);
    expect(await offsets({ afterOffset: 30 })).toEqual([[], false, 31]);
  });

  it('[LOG-16] a read back ends at its bound in bytes, after the newest row at least, and says so', async () => {
    const targetId = newTarget();
    const texts = ['short', ...LONG_TEXTS, ...Array.from({ length: 10 }, () => 'short'), ...LONG_TEXTS];
    await store().append([publish(...texts.map((message) => ({ targetId, message })))]);
    for (const limit of [3, 1_000]) {
      for (const bytesMax of [1, 200_000]) {
        const read: string[] = [];
        for (let hasMore = true; hasMore; ) {
          const beforeOffset = texts.length + 1 - read.length;
          const slice = await store().readEarlierLog({ targetId, beforeOffset, limit, bytesMax });
          const bytes = slice.messages.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0);
          expect(slice.messages.length).toBeLessThanOrEqual(limit);
          if (slice.messages.length > 1) expect(bytes).toBeLessThanOrEqual(bytesMax);
          expect(slice.messages.at(-1)?.offset).toBe(beforeOffset > 1 ? beforeOffset - 1 : undefined);
          read.unshift(...slice.messages.map(({ message }) => message));
          hasMore = slice.hasMore;
        }
        expect(read).toEqual(texts);
      }
    }
  });

  it('[LOG-6] reads head and epoch of a target that nobody wrote to', async () => {
    const targetId = newTarget();
    const slice = await store().readLog({ targetId, afterOffset: 0, limit: 10 });
    expect(slice).toEqual({ epoch: slice.epoch, head: 0, epochStart: 0, messages: [], hasMore: false });
    expect(slice.epoch).toMatch(EPOCH_PATTERN);
    expect(await store().readEarlierLog({ targetId, limit: 10 })).toEqual(slice);
  });

  it('[LOG-6] a cursor beyond the head reads the head and no messages', async () => {
    const targetId = newTarget();
    await appendOne(store(), { targetId, message: 'only' });
    const slice = await store().readLog({ targetId, afterOffset: Number.MAX_SAFE_INTEGER, limit: 10 });
    expect(slice).toMatchObject({ head: 1, messages: [] });
  });

  it('[LOG-6] a slice agrees with its own head while messages come in', async () => {
    const targetId = newTarget();
    const writing = { isOver: false };
    const written = (async () => {
      for (let index = 0; index < 60; index += 1) {
        await store().append([publish({ targetId, message: 'a' }, { targetId, message: 'b' })]);
      }
    })().finally(() => {
      writing.isOver = true;
    });
    const heads = new Set<number>();
    while (!writing.isOver) {
      const { head, messages } = await store().readLog({ targetId, afterOffset: 0, limit: 1_000 });
      expect(messages.map(({ offset }) => offset)).toEqual(
        Array.from({ length: head }, (_, index) => index + 1),
      );
      expect(head % 2).toBe(0);
      heads.add(head);
    }
    await written;
    expect(heads.size).toBeGreaterThan(1);
  });

  it('reads heads of many targets, also of those nobody wrote to', async () => {
    const targetId = newTarget();
    await store().append([publish({ targetId, message: '1' }, { targetId, message: '2' })]);
    const others = Array.from({ length: HEADS_PER_READ_MAX - 1 }, () => newTarget());
    const { epoch, heads } = await store().readHeads([targetId, ...others]);
    expect(epoch).toMatch(EPOCH_PATTERN);
    expect(heads.size).toBe(HEADS_PER_READ_MAX);
    expect(heads.get(targetId)).toMatchObject({ head: 2, epochStart: 0 });
    expect(heads.get(others.at(-1)!)).toEqual({ head: 0, epochStart: 0 });
    expect((await store().readHeads([])).heads.size).toBe(0);
    await expect(store().readHeads([targetId, newTarget(), ...others])).rejects.toThrow(RangeError);
  });

  it('bounds that are no whole numbers are refused before the database sees them', async () => {
    const targetId = newTarget();
    for (const afterOffset of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
      await expect(store().readLog({ targetId, afterOffset, limit: 1 })).rejects.toThrow(RangeError);
    }
    for (const beforeOffset of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
      await expect(store().readEarlierLog({ targetId, beforeOffset, limit: 1 })).rejects.toThrow(RangeError);
    }
    for (const bytesMax of [0, -1, 1.5, NaN]) {
      const query = { targetId, afterOffset: 0, limit: 1, bytesMax };
      await expect(store().readLog(query)).rejects.toThrow(RangeError);
    }
    for (const limit of [0, -1, 1.5, NaN]) {
      await expect(store().readLog({ targetId, afterOffset: 0, limit })).rejects.toThrow(RangeError);
    }
  });

  it('[LOG-7] there is one epoch, for every store and after reopening', async () => {
    const { epoch } = await store().readHeads([]);
    const others = await Promise.all([database().openStore(), database().openStore()]);
    for (const other of others) {
      expect((await other.readHeads([])).epoch).toBe(epoch);
      await other.close();
    }
  });

  it('[DBC-10] whether an append would work is tried, and leaves nothing behind', async () => {
    const targetId = newTarget();
    await store().append([publish({ targetId, message: 'before' })]);
    await Promise.all(Array.from({ length: 5 }, () => store().checkWritable()));
    const [outcome] = await store().append([publish({ targetId, message: 'after' })]);
    expect(outcome).toMatchObject({ kind: 'appended', messages: [{ offset: 2 }] });
  });

  it('[LOG-8] a closed store rejects, and a closed one can be closed', async () => {
    const other = await database().openStore();
    await other.checkReady();
    await other.close();
    await other.close();
    const unavailable = { code: 'store_unavailable' };
    await expect(other.append([publish({ targetId: '1', message: 'x' })])).rejects.toMatchObject(unavailable);
    await expect(other.readHeads(['1'])).rejects.toMatchObject(unavailable);
    await expect(other.checkReady()).rejects.toMatchObject(unavailable);
  });
}
