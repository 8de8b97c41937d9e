import { decodeEnvelope } from '@postline/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Feed } from '../../src/feeds/feed.ts';
import { HeadComparison } from '../../src/feeds/head-comparison.ts';
import { HeadReader } from '../../src/feeds/head-reader.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { WriteTurn } from '../../src/socket/write-turn.ts';
import { ModelHistory } from '../support/model-history.ts';
import { databaseAway, ModelStore } from '../support/model-store.ts';

describe('HeadComparison', () => {
  let store: ModelStore;
  let counters: RelayCounters;
  let feeds: Feed[];
  let busUp: boolean;
  let noted: Set<string>;
  let comparison: HeadComparison;
  let history: ModelHistory;

  beforeEach(() => {
    vi.useFakeTimers();
    store = new ModelStore();
    counters = new RelayCounters();
    feeds = [];
    busUp = true;
    noted = new Set();
    history = new ModelHistory();
    comparison = new HeadComparison({
      store,
      feeds: { feeds: () => feeds },
      counters,
      intervalMs: 3_000,
      intervalWithoutBusMs: 1_000,
      isBusUp: () => busUp,
      onRoundEnd: () => {
        history.onRoundEnd();
      },
      activity: { worked: () => noted.add('worked'), failed: () => noted.add('failed') },
    });
  });

  afterEach(() => {
    comparison.stop();
    vi.useRealTimers();
  });

  function openFeed(targetId: string): Feed {
    const feed = new Feed({
      targetId,
      counters,
      heads: new HeadReader(store),
      turn: new WriteTurn(),
      history,
      onSuspicion: (suspicious) => {
        comparison.suspect(suspicious);
      },
    });
    feed.onReading({ epoch: store.epoch, head: store.head(targetId), epochStart: 0 }, undefined);
    feeds.push(feed);
    return feed;
  }

  it('[DEL-8] finds messages without a hint within one interval', async () => {
    const feed = openFeed('1');
    store.append('1');
    await vi.advanceTimersByTimeAsync(2_999);
    expect(feed.head).toBe(0);
    await vi.advanceTimersByTimeAsync(20);
    expect(feed.head).toBe(1);
  });

  /** Three reads. */
  function openManyFeeds(): void {
    for (let number = 0; number < 300; number += 1) openFeed(`many-${number}`);
    store.headQueries.length = 0;
  }

  it('[DEL-8] the reads of a round leave time for messages, and the next round comes no later for it', async () => {
    openManyFeeds();
    const readsAfter = async (milliseconds: number) => {
      await vi.advanceTimersByTimeAsync(milliseconds);
      return store.headQueries.length;
    };
    expect(await readsAfter(3_000)).toBe(1);
    expect(await readsAfter(24)).toBe(1);
    expect(await readsAfter(1)).toBe(2);
    expect(await readsAfter(25)).toBe(3);
    expect(await readsAfter(2_949)).toBe(3);
    expect(await readsAfter(1)).toBe(4);
    expect(counters.comparisons).toBe(1);
  });

  it('[DEL-8] a round that somebody waits for makes no pauses, and nor does the one under way', async () => {
    openManyFeeds();
    comparison.now();
    await vi.advanceTimersByTimeAsync(0);
    expect(store.headQueries).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(store.headQueries).toHaveLength(4);
    comparison.now();
    await vi.advanceTimersByTimeAsync(25);
    expect(store.headQueries).toHaveLength(9);
    busUp = false;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(store.headQueries).toHaveLength(12);
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

  it('[EPO-4] a row that is another one now is a doubt, also where the head has moved on', async () => {
    store.appendMany('1', 3);
    const feed = openFeed('1');
    await vi.advanceTimersByTimeAsync(3_000);
    expect([history.doubts, store.markQueries, history.roundsEnded]).toEqual([[], [], 1]);
    store.rewind(1);
    store.appendMany('1', 2);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(history.doubts).toMatchObject([{ targetId: '1', offset: 3, mark: { id: '3' } }]);
    expect(store.markQueries).toEqual([[expect.objectContaining({ offset: 3 })]]);
    expect(feed.head).toBe(3);
  });

  it('[EPO-4] the same for a row that only hints reported, after more hints moved the head', async () => {
    const feed = openFeed('1');
    const hint = (text: string) => {
      feed.onHint(decodeEnvelope('1', text)!);
    };
    store.appendMany('1', 3).forEach(hint);
    store.rewind(2);
    store.appendMany('1', 3).forEach(hint);
    expect(feed.head).toBe(4);
    await vi.advanceTimersByTimeAsync(500);
    expect(history.doubts).toMatchObject([{ offset: 3, mark: { id: '3' } }]);
  });

  it('[EPO-4] hints that were published again cost a look twice a second at most, and leave nothing behind', async () => {
    const hints = store.appendMany('1', 5).map((text) => decodeEnvelope('1', text)!);
    const feed = openFeed('1');
    await vi.advanceTimersByTimeAsync(3_000);
    store.headQueries.length = 0;
    for (let round = 0; round < 100; round += 1) {
      for (const hint of hints) feed.onHint(hint);
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(store.headQueries.length).toBeLessThanOrEqual(5);
    expect(store.headQueries.length).toBeGreaterThanOrEqual(3);
    expect([history.doubts, feed.head]).toEqual([[], 5]);
  });

  it('[EPO-4] rows that retention deleted prove nothing', async () => {
    store.appendMany('1', 3);
    const feed = openFeed('1');
    await vi.advanceTimersByTimeAsync(3_000);
    store.append('1');
    store.deleteUpTo('1', 4);
    await vi.advanceTimersByTimeAsync(3_100);
    expect([history.doubts, feed.head]).toEqual([[], 4]);
  });

  it('reads many heads in a few short statements, so that messages in between do not wait', async () => {
    for (let index = 0; index < 300; index += 1) openFeed(`client-${index}`);
    await vi.advanceTimersByTimeAsync(3_050);
    expect(store.headQueries.map((ids) => ids.length)).toEqual([128, 128, 44]);
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
