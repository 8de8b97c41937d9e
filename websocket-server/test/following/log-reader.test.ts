import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { LogReader } from '../../src/following/log-reader.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { databaseAway, ModelStore } from '../support/model-store.ts';

const PARALLEL = 3;

describe('LogReader', () => {
  let store: ModelStore;
  let log: LogReader;
  let held: (() => void)[];
  let underWay: number;
  let mostUnderWay: number;

  beforeEach(() => {
    store = new ModelStore();
    log = new LogReader({ store, counters: new RelayCounters(), parallelReads: PARALLEL });
    held = [];
    underWay = 0;
    mostUnderWay = 0;
  });

  function holdReads(): void {
    store.beforeRead = () => {
      underWay += 1;
      mostUnderWay = Math.max(mostUnderWay, underWay);
      return new Promise((release) => {
        held.push(() => {
          underWay -= 1;
          release();
        });
      });
    };
  }

  const ask = (targetId: string, afterOffset = 0, clientId = targetId) =>
    log.readPage({ targetId, afterOffset, limit: 10 }, clientId);
  const read = (targetId: string, afterOffset = 0) => ask(targetId, afterOffset).page;

  async function releaseAll(): Promise<void> {
    await turn();
    while (held.length > 0) {
      held.shift()?.();
      await turn(); // a client's next read may begin only in the next turn
      await turn();
    }
  }

  it('hands out frames that are ready for the socket', async () => {
    const hint = store.append('1', 'Hello "Client" 1! 🚀');
    const page = await read('1');
    expect(page).toMatchObject({ epoch: 'epoch-1', head: 1, hasMore: false });
    expect(page.frames.map(({ offset, text }) => ({ offset, text }))).toEqual([{ offset: 1, text: hint }]);
    expect(page.frames[0]?.text).toBe(page.frames[0]?.text);
  });

  it('[DEL-12] distinguishes a full page from one that reaches the head', async () => {
    store.appendMany('1', 11);
    expect((await read('1')).hasMore).toBe(true);
    expect((await read('1', 1)).hasMore).toBe(true); // exactly full: what follows is not known
    expect((await read('1', 2)).hasMore).toBe(false);
  });

  it('followers that stand at the same place share one read, others have their own', async () => {
    store.appendMany('1', 3);
    const pages = await Promise.all([read('1', 1), read('1', 1), read('1', 2), read('01', 1)]);
    expect(pages[0]).toBe(pages[1]);
    expect(store.logQueries).toHaveLength(3);
    await read('1', 1);
    expect(store.logQueries).toHaveLength(4);
  });

  it('[DEL-10] never has more reads under way than it may, also when turns change hands', async () => {
    holdReads();
    const readAgain = async (targetId: string) => {
      for (let round = 0; round < 5; round += 1) await read(targetId);
    };
    const readers = Array.from({ length: 12 }, (_, index) => readAgain(`client-${index}`));
    const all = Promise.all(readers);
    for (let left = 12 * 5; left > 0; left -= 1) {
      await turn();
      held.shift()?.();
    }
    await all;
    expect(mostUnderWay).toBe(PARALLEL);
  });

  it('[DEL-17] a page is bounded in bytes where it is read', async () => {
    for (let count = 0; count < 8; count += 1) store.append('1', 'x'.repeat(60_000));
    const page = await read('1');
    expect(page.frames.map(({ offset }) => offset)).toEqual([1, 2]);
    expect(page.hasMore).toBe(true);
    expect(store.logQueries[0]?.bytesMax).toBe(128 * 1024);
  });

  it('[DEL-18] a client that asks for much keeps others waiting for a single read at the most', async () => {
    holdReads();
    const many = Array.from({ length: 1_000 }, (_, index) => ask('1', index).page);
    await turn();
    expect(store.logQueries).toHaveLength(1); // a quarter of three, and at least one
    const others = ['a', 'b', 'c'].map((targetId) => read(targetId));
    await turn();
    expect(store.logQueries.map(({ targetId }) => targetId)).toEqual(['1', 'a', 'b']);
    held.shift()?.();
    await turn();
    expect(store.logQueries.at(-1)?.targetId).toBe('c');
    await releaseAll();
    await Promise.all([...many, ...others]);
  });

  it('[DEL-18] what was read counts, not how often: large messages do not come before small ones', async () => {
    const single = new LogReader({ store, counters: new RelayCounters(), parallelReads: 1 });
    for (let count = 0; count < 400; count += 1) store.append('large', 'x'.repeat(60_000));
    store.appendMany('small', 400);
    const ofClient = (targetId: string) =>
      Array.from(
        { length: 40 },
        (_, index) => single.readPage({ targetId, afterOffset: index * 10, limit: 10 }, targetId).page,
      );
    await Promise.all([...ofClient('large'), ...ofClient('small')]);
    const order = store.logQueries.map(({ targetId }) => targetId);
    expect(order.slice(0, 40).filter((targetId) => targetId === 'large').length).toBeLessThan(8);
  });

  it('[DEL-18] a store that answers at once serves no client for longer than a turn', async () => {
    store.appendMany('1', 1_000);
    const readAll = async () => {
      for (let offset = 0; offset < 1_000; offset += 10) await ask('1', offset).page;
    };
    const all = readAll();
    await turn();
    expect(store.logQueries.length).toBeLessThan(5);
    await all;
    expect(store.logQueries).toHaveLength(100);
  });

  it('[DEL-18] who has read far more than the others waits between his reads', async () => {
    for (let count = 0; count < 300; count += 1) store.append('large', 'x'.repeat(65_000));
    store.appendMany('small', 1);
    await read('small');
    const start = performance.now();
    for (let offset = 0; offset < 290; offset += 2) await ask('large', offset).page;
    // The last 20 of 145 pages are beyond what is free, and each is followed by 16 ms.
    expect(performance.now() - start).toBeGreaterThan(200);
  });

  it('[DEL-18] a read that no reader wants any more is not started', async () => {
    holdReads();
    const first = read('1', 0);
    const [gone, shared, still] = [ask('1', 1), ask('1', 2), ask('1', 2)];
    await turn();
    gone.abandon();
    shared.abandon();
    await expect(gone.page).rejects.toThrow('no reader waits');
    expect(log.waiting).toBe(1);
    const again = ask('1', 1);
    await releaseAll();
    await Promise.all([first, still.page, again.page]);
    expect(store.logQueries.map(({ afterOffset }) => afterOffset)).toEqual([0, 2, 1]);
  });

  it('serves the longest waiting follower first', async () => {
    holdReads();
    const readers = ['a', 'b', 'c', 'd', 'e'].map((targetId) => read(targetId));
    await turn();
    held.shift()?.();
    await turn();
    readers.push(read('late'));
    await turn();
    expect(store.logQueries.map(({ targetId }) => targetId)).toEqual(['a', 'b', 'c', 'd']);
    while (held.length > 0) {
      held.shift()?.();
      await turn();
    }
    await Promise.all(readers);
    expect(store.logQueries.map(({ targetId }) => targetId)).toEqual(['a', 'b', 'c', 'd', 'e', 'late']);
  });

  it('a read that fails gives its turn back, and its place is read anew', async () => {
    store.beforeRead = databaseAway;
    const reads = Array.from({ length: PARALLEL * 4 }, (_, index) => read(`client-${index}`));
    const outcomes = await Promise.allSettled(reads);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
    store.beforeRead = () => Promise.resolve();
    await expect(read('client-0')).resolves.toMatchObject({ head: 0 });
  });
});
