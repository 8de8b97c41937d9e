import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { LogReader } from '../src/log-reader.ts';
import { RelayCounters } from '../src/relay-counters.ts';
import { databaseAway, ModelStore } from './support/model-store.ts';

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

  const read = (targetId: string, afterOffset = 0) => log.readPage({ targetId, afterOffset, limit: 10 });

  it('hands out frames that are ready for the socket', async () => {
    const hint = store.append('1', 'Hello "Client" 1! 🚀');
    const page = await read('1');
    expect(page).toEqual({
      epoch: 'epoch-1',
      head: 1,
      frames: [{ offset: 1, text: hint }],
      reachesHead: true,
    });
  });

  it('[DEL-12] tells a full page from one that reaches the head', async () => {
    store.appendMany('1', 11);
    expect((await read('1')).reachesHead).toBe(false);
    expect((await read('1', 1)).reachesHead).toBe(false); // exactly full: what follows is not known
    expect((await read('1', 2)).reachesHead).toBe(true);
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

  it('serves whoever waits longest first', async () => {
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
