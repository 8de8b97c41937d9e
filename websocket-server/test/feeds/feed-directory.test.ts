import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FeedDirectory } from '../../src/feeds/feed-directory.ts';
import { HeadReader } from '../../src/feeds/head-reader.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { WriteTurn } from '../../src/socket/write-turn.ts';
import { believing } from '../support/model-history.ts';
import { ModelBus } from '../support/model-bus.ts';
import { ModelStore } from '../support/model-store.ts';

describe('FeedDirectory', () => {
  let bus: ModelBus;
  let store: ModelStore;
  let feeds: FeedDirectory;

  beforeEach(() => {
    vi.useFakeTimers();
    bus = new ModelBus();
    store = new ModelStore();
    feeds = createDirectory();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function createDirectory(): FeedDirectory {
    const directory: FeedDirectory = new FeedDirectory({
      subscriber: bus.createSubscriber({
        onHint: (targetId, payload) => {
          directory.onHint(targetId, payload);
        },
        onState: () => undefined,
      }),
      heads: new HeadReader(store),
      counters: new RelayCounters(),
      turn: new WriteTurn(),
      ...believing(),
    });
    return directory;
  }

  function passAndClose(milliseconds: number): void {
    vi.advanceTimersByTime(milliseconds);
    feeds.closeUnused();
  }

  const acquire = async (targetId: string) => (await feeds.acquireAll([targetId]))[0]!;

  it('[DEL-1] hands out a feed only once its subscription is confirmed', async () => {
    bus.confirmMs = 20;
    let handedOut = false;
    const acquired = acquire('1').then(() => {
      handedOut = true;
    });
    await vi.advanceTimersByTimeAsync(19);
    expect(handedOut).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await acquired;
    expect(bus.subscribed).toEqual(new Set(['1']));
  });

  it('has one feed for each target, and takes no other id for it', async () => {
    const ids = ['1', '01', 'Bob', 'bob', 'constructor', 'toString', 'hasOwnProperty'];
    const opened = await Promise.all(ids.map((id) => acquire(id)));
    expect(new Set(opened).size).toBe(ids.length);
    expect(await acquire('1')).toBe(opened[0]);
    expect(feeds.size).toBe(ids.length);
  });

  it('[DEL-8] opens feeds also while the bus is away', async () => {
    bus.turn('down');
    expect((await acquire('1')).targetId).toBe('1');
  });

  it('closes a feed a while after its last user has gone', async () => {
    const feed = await acquire('1');
    await acquire('1');
    feeds.release(feed);
    passAndClose(60_000);
    expect(feeds.size).toBe(1);
    feeds.release(feed);
    passAndClose(4_900);
    expect(feeds.size).toBe(1);
    passAndClose(200);
    expect([feeds.size, bus.subscribed.size]).toEqual([0, 0]);
  });

  it('a feed that is used again in time is not closed', async () => {
    const feed = await acquire('1');
    feeds.release(feed);
    vi.advanceTimersByTime(4_900);
    expect(await acquire('1')).toBe(feed);
    passAndClose(60_000);
    expect(feeds.size).toBe(1);
  });

  it('one that is about to be used, and waits for the bus, is not closed either', async () => {
    bus.confirmMs = 60_000;
    const acquired = acquire('1');
    passAndClose(59_999);
    expect(feeds.size).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(feeds.feeds()).toEqual([await acquired]);
  });

  it('after it was closed the target gets a new feed and a new subscription', async () => {
    const before = await acquire('1');
    feeds.release(before);
    passAndClose(6_000);
    const after = await acquire('1');
    expect(after).not.toBe(before);
    expect(bus.subscribed).toEqual(new Set(['1']));
  });

  it('closes those that were unused first, and only those that were so long enough', async () => {
    const [first, second] = await Promise.all([acquire('1'), acquire('2')]);
    feeds.release(first);
    vi.advanceTimersByTime(3_000);
    feeds.release(second);
    passAndClose(3_000);
    expect(feeds.feeds()).toEqual([second]);
  });

  it('a feed that is given back once too often is a mistake of the program', async () => {
    const feed = await acquire('1');
    feeds.release(feed);
    expect(() => {
      feeds.release(feed);
    }).toThrow('released twice');
  });

  it('[DEL-3] a hint goes to the feed of its channel, and only if it is for that target', async () => {
    const [one, other] = await Promise.all([acquire('1'), acquire('01')]);
    for (const feed of [one, other])
      feed.onReading({ epoch: store.epoch, head: 0, epochStart: 0 }, undefined);
    const frame = store.append('1');
    bus.deliver('01', frame);
    expect([one.head, other.head]).toEqual([0, 0]);
    bus.deliver('1', frame);
    expect([one.head, other.head]).toEqual([1, 0]);
  });

  it.each([
    '',
    'not JSON',
    '[]',
    '{"type":"new_message"}',
    '{"targetId":"1","offset":1}',
    '['.repeat(49_000),
  ])('[DEL-7] the payload %.20j only makes the feed ask the database', async (payload) => {
    const feed = await acquire('1');
    store.append('1');
    bus.deliver('1', payload);
    await vi.advanceTimersByTimeAsync(0);
    expect(feed.head).toBe(1);
    expect(store.headQueries).toEqual([['1']]);
  });
});
