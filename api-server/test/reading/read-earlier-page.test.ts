import type { EarlierLogQuery, EarlierLogSlice, StoredMessage } from '@postline/message-store';
import { describe, expect, it } from 'vitest';
import { createLogPageReader } from '../../src/reading/read-log-page.ts';
import { readerWith } from '../support/reader-with.ts';

const unused = () => Promise.reject(new Error('a page back reads nothing else'));

/** A log of which the oldest rows may be deleted, and a reader of pages back. */
function createReader({ head = 250, rowBytes = 1 } = {}) {
  const log = { epoch: 'E', head, oldestKept: 1, holes: [] as number[] };
  const queries: EarlierLogQuery[] = [];
  let beforeRead = () => undefined as unknown;
  const readEarlierLog = (query: EarlierLogQuery): Promise<EarlierLogSlice> => {
    queries.push(query);
    beforeRead();
    const { beforeOffset = Infinity, afterOffset = 0, limit } = query;
    const least = Math.max(afterOffset + 1, log.oldestKept);
    const messages: StoredMessage[] = [];
    const last = Math.min(beforeOffset - 1, log.head);
    for (let offset = last; offset >= least && messages.length < limit; offset -= 1) {
      if (log.holes.includes(offset)) continue;
      messages.unshift({
        id: `${offset}`,
        targetId: '1',
        offset,
        message: 'm'.repeat(rowBytes),
        createdAt: '',
      });
    }
    const hasMore = messages.length === limit;
    const truncatedBefore =
      hasMore || last < 1 || messages[0]?.offset === 1 ? undefined : (messages[0]?.offset ?? least);
    const { epoch } = log;
    return Promise.resolve({ epoch, head: log.head, epochStart: 0, messages, hasMore, truncatedBefore });
  };
  const store = { readLog: unused, readEarlierLog, readMarks: unused, readStreamStarts: unused };
  const bounds = { readsMax: 8, waitingMax: 0, pageBytesMax: 100_000, deadlineMs: 4_000 };
  const readPage = createLogPageReader({ ...bounds, store });
  const read = async (
    request: { before?: number | 'head'; limit?: number; from?: number } = {},
    reader = readerWith(10_000_000),
  ) => {
    const outcome = await readPage(
      { targetId: '1', after: 0, before: 'head', limit: 100, ...request },
      reader,
    );
    if (outcome.kind !== 'read') return outcome.kind;
    const { messages, truncatedBefore } = outcome.value;
    return [messages[0]?.offset, messages.at(-1)?.offset, messages.length, truncatedBefore];
  };
  return { log, queries, read, onRead: (act: () => unknown) => (beforeRead = act) };
}

describe('a page back', () => {
  it('[LOG-16] is put together from reads of the store, the newest first', async () => {
    const { read, queries } = createReader();
    expect(await read({ limit: 230 })).toEqual([21, 250, 230, null]);
    expect(queries.map(({ beforeOffset, limit }) => [beforeOffset, limit])).toEqual([
      [undefined, 100],
      [151, 100],
      [51, 30],
    ]);
    expect(await read({ limit: 1_000 })).toEqual([1, 250, 250, null]);
  });

  it('[LOG-16] is bounded in bytes: it has the newest that fit, and a reader goes on before the first', async () => {
    const { read } = createReader({ head: 20, rowBytes: 30_000 });
    expect(await read()).toEqual([18, 20, 3, null]);
    expect(await read({ before: 18 })).toEqual([15, 17, 3, null]);
    expect(await createReader({ head: 2, rowBytes: 200_000 }).read()).toEqual([2, 2, 1, null]);
  });

  it('[MEM-6] ends early if there is no more room, and is refused if there is none at all', async () => {
    const { read } = createReader({ head: 20, rowBytes: 10_000 });
    const [first, last] = (await read({}, readerWith(250_000))) as number[];
    expect(last).toBe(20);
    expect(first).toBeGreaterThan(11);
    expect(await read({}, readerWith(1_000))).toBe('overloaded');
  });

  it('[RET-4] says where the log begins now only if it would reach what was deleted', async () => {
    const { log, read } = createReader();
    log.oldestKept = 101;
    expect(await read({ before: 111, limit: 10 })).toEqual([101, 110, 10, null]);
    expect(await read({ before: 110, limit: 10 })).toEqual([101, 109, 9, 101]);
    expect(await read({ before: 50, limit: 10 })).toEqual([undefined, undefined, 0, 101]);
    expect(await read({ limit: 1_000 })).toEqual([101, 250, 150, 101]);
    log.holes = [220];
    expect(await read()).toEqual([221, 250, 30, 221]);
    expect(await read({ before: 221, limit: 2 })).toEqual([218, 219, 2, null]);
  });

  it('[GRP-18] reaches back to F, which is where the log begins for a member', async () => {
    const { read } = createReader();
    expect(await read({ from: 200 })).toEqual([201, 250, 50, 201]);
    expect(await read({ from: 200, limit: 50 })).toEqual([201, 250, 50, null]);
    expect(await read({ from: 200, before: 100 })).toEqual([undefined, undefined, 0, 201]);
  });

  it('[EPO-6] ends where a new epoch began while it was read', async () => {
    const { log, read, queries, onRead } = createReader();
    onRead(() => {
      if (queries.length === 2) log.epoch = 'F';
    });
    expect(await read({ limit: 200 })).toEqual([151, 250, 100, null]);
  });
});
