import { HEADS_PER_READ_MAX } from '@postline/message-store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Feed } from '../src/feed.ts';
import { HeadComparison } from '../src/head-comparison.ts';
import { HeadReader } from '../src/head-reader.ts';
import { RelayCounters } from '../src/relay-counters.ts';
import { WriteTurn } from '../src/socket/write-turn.ts';
import { databaseAway, ModelStore } from './support/model-store.ts';

describe('HeadComparison', () => {
  let store: ModelStore;
  let counters: RelayCounters;
  let feeds: Feed[];
  let busUp: boolean;
  let noted: Set<string>;
  let comparison: HeadComparison;

  beforeEach(() => {
    vi.useFakeTimers();
    store = new ModelStore();
    counters = new RelayCounters();
    feeds = [];
    busUp = true;
    noted = new Set();
    comparison = new HeadComparison({
      store,
      feeds: { feeds: () => feeds },
      counters,
      intervalMs: 3_000,
      intervalWithoutBusMs: 1_000,
      isBusUp: () => busUp,
      activity: { worked: () => noted.add('worked'), failed: () => noted.add('failed') },
    });
  });

  afterEach(() => {
    comparison.stop();
    vi.useRealTimers();
  });

  function openFeed(targetId: string): Feed {
    const feed = new Feed({ targetId, counters, heads: new HeadReader(store), turn: new WriteTurn() });
    feed.onReading({ epoch: store.epoch, head: store.head(targetId), epochStart: 0 }, undefined);
    feeds.push(feed);
    return feed;
  }

  it('[DEL-8] finds what no hint told of within one interval', async () => {
    const feed = openFeed('1');
    store.append('1');
    await vi.advanceTimersByTimeAsync(2_999);
    expect(feed.head).toBe(0);
    await vi.advanceTimersByTimeAsync(20);
    expect(feed.head).toBe(1);
  });

  it('[DEL-8] compares more often while the bus is away', async () => {
    busUp = false;
    comparison.now();
    const feed = openFeed('1');
    await vi.advanceTimersByTimeAsync(0);
    store.append('1');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(feed.head).toBe(1);
  });

  it('[DEL-9] an epoch that changed is found by it', async () => {
    const feed = openFeed('1');
    store.restart(0);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(feed.epoch).toBe('epoch-2');
  });

  it('reads many heads in a few statements', async () => {
    for (let index = 0; index < HEADS_PER_READ_MAX + 1; index += 1) openFeed(`client-${index}`);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(store.headQueries.map((ids) => ids.length)).toEqual([HEADS_PER_READ_MAX, 1]);
  });

  it('compares again where it was asked to while it was at it, and never twice at the same time', async () => {
    openFeed('1');
    let underWay = 0;
    let mostUnderWay = 0;
    store.beforeRead = async () => {
      underWay += 1;
      mostUnderWay = Math.max(mostUnderWay, underWay);
      await new Promise((go) => setTimeout(go, 100));
      underWay -= 1;
    };
    comparison.now();
    comparison.now();
    comparison.now();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([store.headQueries.length, mostUnderWay]).toEqual([2, 1]);
  });

  it('[DEL-16] goes on after the database was away, and notes both', async () => {
    const feed = openFeed('1');
    store.beforeRead = databaseAway;
    await vi.advanceTimersByTimeAsync(10_000);
    expect([[...noted], counters.comparisonsFailed]).toEqual([['failed'], 3]);
    store.beforeRead = () => Promise.resolve();
    store.append('1');
    await vi.advanceTimersByTimeAsync(3_100);
    expect(feed.head).toBe(1);
    expect([...noted]).toEqual(['failed', 'worked']);
  });

  it('leaves no timer when it is stopped, also in the middle of a comparison', async () => {
    openFeed('1');
    store.beforeRead = () => new Promise((go) => setTimeout(go, 100));
    comparison.now();
    comparison.now();
    comparison.stop();
    await vi.advanceTimersByTimeAsync(200);
    expect(vi.getTimerCount()).toBe(0);
    expect(store.headQueries).toHaveLength(1);
  });
});
