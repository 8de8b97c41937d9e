import {
  type LogPlace,
  type LogQuery,
  type LogSlice,
  type ReaderCursor,
  type StoredMessage,
  StoreUnavailableError,
  streamStart,
} from '@postline/message-store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Reader, ReadOutcome } from '../../src/reading/bounded-reads.ts';
import { readerWith } from '../support/reader-with.ts';
import type { LogPageContent, LogPageRequest } from '../../src/reading/log-page.ts';
import { createLogPageReader } from '../../src/reading/read-log-page.ts';

/** One reader may have two of the eight reads. */
const OPTIONS = { readsMax: 8, waitingMax: 0, pageBytesMax: 100_000, deadlineMs: 4_000 };

/** A log of which the oldest rows may be deleted; rows are as long as asked for. */
interface FakeLog {
  epoch: string;
  head: number;
  epochStart: number;
  oldestKept: number;
  rowBytes: number;
  character: string;
  /** Offsets of rows that are gone although older ones are there. */
  holes: readonly number[];
}

const unused = () => Promise.reject(new Error('a page forward reads nothing back'));

function createReader(given: Partial<FakeLog> = {}) {
  const log: FakeLog = {
    epoch: 'E',
    head: 250,
    epochStart: 0,
    oldestKept: 1,
    rowBytes: 1,
    character: 'm',
    holes: [],
    ...given,
  };
  const queries: LogQuery[] = [];
  const readLog = (query: LogQuery): Promise<LogSlice> => {
    queries.push(query);
    const { epoch, head, epochStart } = log;
    const messages: StoredMessage[] = [];
    const from = Math.max(query.afterOffset + 1, log.oldestKept);
    for (let offset = from; offset <= head && messages.length < query.limit; offset += 1) {
      if (log.holes.includes(offset)) continue;
      const message = log.character.repeat(log.rowBytes);
      messages.push({ id: `${offset}`, targetId: '1', offset, message, createdAt: '' });
    }
    return Promise.resolve({ epoch, head, epochStart, messages, hasMore: messages.length === query.limit });
  };
  const readMarks = (places: readonly LogPlace[]) =>
    Promise.resolve(places.map(({ offset }) => ({ id: `${offset}`, createdAt: '' })));
  const sureLog: Partial<FakeLog> = {};
  const sureQueries: ReaderCursor[] = [];
  const readStreamStarts = (cursors: readonly ReaderCursor[]) => {
    sureQueries.push(...cursors);
    Object.assign(log, sureLog);
    return Promise.resolve(
      cursors.map((cursor) =>
        streamStart(cursor, { ...log, rowAtCursor: { id: `${cursor.offset}`, createdAt: '' } }),
      ),
    );
  };
  const readPage = createLogPageReader({
    ...OPTIONS,
    store: { readLog, readEarlierLog: unused, readMarks, readStreamStarts },
  });
  const read = async (request: Partial<LogPageRequest> = {}) => {
    const outcome = await readPage(
      { targetId: '1', after: 0, limit: 100, ...request },
      readerWith(10_000_000),
    );
    if (outcome.kind !== 'read') throw new Error(outcome.kind);
    const { messages, ...page } = outcome.value;
    return { ...page, from: messages[0]?.offset, to: messages.at(-1)?.offset, count: messages.length };
  };
  const readAs = (reader: Reader) => readPage({ targetId: '1', after: 0, limit: 250 }, reader);
  return { log, queries, read, readAs, sureLog, sureQueries };
}

describe('where the page starts', () => {
  it('[DEL-4] after the cursor, if the epoch is the current one and the cursor is not beyond the head', async () => {
    const { read } = createReader();
    expect(await read({ after: 240, epoch: 'E' })).toEqual({
      epoch: 'E',
      head: 250,
      recovered: true,
      from: 241,
      to: 250,
      count: 10,
      truncatedBefore: null,
    });
    expect(await read({ after: 250 })).toMatchObject({ recovered: true, count: 0, truncatedBefore: null });
  });

  it.each([
    { title: 'another epoch, nothing from before this one', epochStart: 0, after: 40, from: 1 },
    { title: 'another epoch, cursor before it began', epochStart: 200, after: 40, from: 41 },
    { title: 'another epoch, cursor after it began', epochStart: 200, after: 240, from: 201 },
  ])('[DEL-5] after min(cursor, epochStart): $title', async ({ epochStart, after, from }) => {
    const { read } = createReader({ epochStart });
    expect(await read({ after, epoch: 'old' })).toMatchObject({ recovered: false, from });
  });

  it('[DEL-5] a cursor beyond the head starts over, with or without an epoch', async () => {
    const { read } = createReader({ epochStart: 245 });
    const startedOver = { recovered: false, from: 246, to: 250 };
    expect(await read({ after: 251, epoch: 'E' })).toMatchObject(startedOver);
    expect(await read({ after: Number.MAX_SAFE_INTEGER })).toMatchObject(startedOver);
  });

  it('a target without messages has head 0', async () => {
    const { read } = createReader({ head: 0 });
    expect(await read()).toMatchObject({ head: 0, recovered: true, count: 0, truncatedBefore: null });
  });
});

describe('what was deleted', () => {
  it('[RET-4] a hole ends its page, and the next page reports it', async () => {
    const { read } = createReader({ head: 10, holes: [4, 5, 9, 10] });
    expect(await read()).toMatchObject({ from: 1, to: 3, truncatedBefore: null });
    expect(await read({ after: 3 })).toMatchObject({ from: 6, to: 8, truncatedBefore: 6 });
    expect(await read({ after: 8 })).toMatchObject({ count: 0, truncatedBefore: 11 });
  });

  it('[DEL-12] truncatedBefore is the oldest offset kept, if messages after the cursor were deleted', async () => {
    const { read } = createReader({ oldestKept: 101 });
    expect(await read({ after: 50, limit: 10 })).toMatchObject({ from: 101, truncatedBefore: 101 });
    expect(await read({ after: 100 })).toMatchObject({ from: 101, truncatedBefore: null });
    expect(await read({ after: 150 })).toMatchObject({ from: 151, truncatedBefore: null });
  });

  it('[DEL-12] if no message is kept it is the next offset', async () => {
    const { read } = createReader({ oldestKept: 251 });
    expect(await read({ after: 50 })).toMatchObject({ count: 0, truncatedBefore: 251 });
  });

  it('[DEL-12] a page never skips rows that are deleted while it is read', async () => {
    const { log, queries, read } = createReader();
    const push = queries.push.bind(queries);
    queries.push = (...given) => {
      if (queries.length === 1) log.oldestKept = 120; // before the second slice
      return push(...given);
    };
    expect(await read({ limit: 250 })).toMatchObject({ from: 1, to: 100, truncatedBefore: null });
    expect(await read({ after: 100 })).toMatchObject({ from: 120, truncatedBefore: 120 });
  });
});

describe('bounds', () => {
  it('reads at most 100 rows at a time, and the number asked for in all', async () => {
    const { queries, read } = createReader();
    expect(await read({ limit: 230 })).toMatchObject({ from: 1, to: 230 });
    expect(queries.map(({ afterOffset, limit }) => [afterOffset, limit])).toEqual([
      [0, 100],
      [100, 100],
      [200, 30],
    ]);
  });

  it('a page is bounded in bytes and contains at least one message', async () => {
    const { read } = createReader({ rowBytes: 30_000 });
    expect(await read()).toMatchObject({ from: 1, to: 3 });
    const { read: readLong } = createReader({ rowBytes: 500_000 });
    expect(await readLong()).toMatchObject({ from: 1, to: 1 });
  });

  it('[MEM-6] its bytes are counted as JSON: a control character takes six', async () => {
    const { read } = createReader({ rowBytes: 5_000, character: '\u0001' });
    expect(await read()).toMatchObject({ from: 1, to: 3 });
  });

  it('[MEM-6] a page ends early if memory runs out, and is refused if there is none at all', async () => {
    const { readAs } = createReader({ rowBytes: 1_000 });
    const reader = readerWith(220_000);
    const outcome = await readAs(reader);
    const count = outcome.kind === 'read' ? outcome.value.messages.length : 0;
    expect(count).toBeGreaterThan(5);
    expect(count).toBeLessThan(100);
    // Rows in one byte for each character, once more as JSON; what the read itself takes was given back.
    expect(reader.bytes).toBeGreaterThan(count * 2_000);
    expect(reader.bytes).toBeLessThan(count * 2_600);
    expect(await readAs(readerWith(100_000))).toEqual({ kind: 'overloaded' });
  });

  it('if the log restarts during the read, the page contains only the first epoch', async () => {
    const { log, queries, read } = createReader();
    const push = queries.push.bind(queries);
    queries.push = (...given) => {
      if (queries.length === 1) log.epoch = 'F';
      return push(...given);
    };
    expect(await read({ limit: 250 })).toMatchObject({ epoch: 'E', to: 100 });
  });
});

describe('a server that was left behind', () => {
  it('[DEL-4] a cursor beyond the head that a new connection knows goes on, from there', async () => {
    const { read, sureLog, sureQueries } = createReader({ head: 5 });
    sureLog.head = 8;
    expect(await read({ after: 7, epoch: 'E' })).toMatchObject({ recovered: true, head: 8, from: 8, to: 8 });
    expect(sureQueries).toEqual([{ targetId: '1', offset: 7, epoch: 'E', mark: undefined }]);
    await read({ after: 7, epoch: 'E' });
    expect(sureQueries).toHaveLength(1);
  });

  it('[DEL-4] so does one of an epoch that only a new connection knows', async () => {
    const { read, sureLog } = createReader({ epoch: 'old', head: 5 });
    Object.assign(sureLog, { epoch: 'E', head: 6 });
    expect(await read({ after: 5, epoch: 'E' })).toMatchObject({ recovered: true, epoch: 'E', from: 6 });
  });
});

describe('a message that is another one now', () => {
  it.each([
    [{ id: '40', createdAt: '' }, true],
    [{ id: '41', createdAt: '' }, false],
    [{ id: '40', createdAt: '2026-11-23T00:00:00.000Z' }, false],
  ])('[DEL-4] a cursor with %j: recovered is %s', async (mark, recovered) => {
    const { read } = createReader({ epochStart: 3 });
    const page = await read({ after: 40, epoch: 'E', mark });
    expect(page).toMatchObject({ recovered, from: recovered ? 41 : 4 });
  });
});

const NEVER_ASKED = {
  readEarlierLog: () => Promise.reject(new Error('not asked')),
  readMarks: () => Promise.reject(new Error('not asked')),
  readStreamStarts: () => Promise.reject(new Error('not asked')),
};

describe('a database that does not answer', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const REQUEST = { targetId: '1', after: 0, limit: 1 };

  it('[PUB-9] pages that are read at once are bounded, and each ends with its deadline', async () => {
    const readPage = createLogPageReader({
      ...OPTIONS,
      store: { ...NEVER_ASKED, readLog: () => new Promise(() => undefined) },
    });
    const kinds: ReadOutcome<LogPageContent>['kind'][] = [];
    for (let call = 0; call < 3; call += 1) {
      void readPage(REQUEST, readerWith(1_000_000)).then(({ kind }) => kinds.push(kind));
    }
    await vi.advanceTimersByTimeAsync(0);
    expect(kinds).toEqual(['overloaded']);
    await vi.advanceTimersByTimeAsync(OPTIONS.deadlineMs + 1);
    expect(kinds).toEqual(['overloaded', 'store-unavailable', 'store-unavailable']);
  });

  it('[PUB-9] an unavailable store is store-unavailable; a programming error rejects', async () => {
    const failWith = (error: Error) =>
      createLogPageReader({
        ...OPTIONS,
        store: { ...NEVER_ASKED, readLog: () => Promise.reject(error) },
      })(REQUEST, readerWith(1_000_000));
    expect(await failWith(new StoreUnavailableError('away', undefined))).toEqual({
      kind: 'store-unavailable',
    });
    await expect(failWith(new TypeError('a mistake'))).rejects.toThrow('a mistake');
  });
});

describe('[GRP-18] a member reads from its join on', () => {
  it.each([
    ['a cursor before the join', { after: 0 }, { recovered: true, from: 42, truncatedBefore: 42 }],
    ['a cursor at the join', { after: 41 }, { recovered: true, from: 42, truncatedBefore: null }],
    [
      'a cursor after the join',
      { after: 100, epoch: 'E' },
      { recovered: true, from: 101, truncatedBefore: null },
    ],
    [
      'a cursor of another epoch',
      { after: 100, epoch: 'X' },
      { recovered: false, from: 42, truncatedBefore: 42 },
    ],
    ['a cursor beyond the head', { after: 251 }, { recovered: false, from: 42, truncatedBefore: 42 }],
  ])('%s', async (_what, request, page) => {
    const { read } = createReader();
    expect(await read({ ...request, from: 41, limit: 10 })).toMatchObject({ ...page, head: 250, count: 10 });
  });

  it('that lies after what was deleted, and before it', async () => {
    const { read } = createReader({ oldestKept: 30 });
    expect(await read({ from: 41 })).toMatchObject({ from: 42, truncatedBefore: 42 });
    expect(await read({ from: 20 })).toMatchObject({ from: 30, truncatedBefore: 30 });
  });

  it('that is the head: nothing yet', async () => {
    const { read } = createReader();
    expect(await read({ from: 250 })).toMatchObject({ head: 250, count: 0, truncatedBefore: 251 });
    expect(await read({ from: 250, after: 250 })).toMatchObject({ count: 0, truncatedBefore: null });
  });
});
