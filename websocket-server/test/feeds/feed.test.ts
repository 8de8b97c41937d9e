import { decodeEnvelope, type Envelope } from '@postline/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Feed } from '../../src/feeds/feed.ts';
import type { FeedFollower } from '../../src/feeds/fan-out.ts';
import type { HeadReader, HeadReading } from '../../src/feeds/head-reader.ts';
import type { Position } from '../../src/feeds/seen-rows.ts';
import type { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { modelFeed } from '../support/model-feed.ts';
import type { ModelHistory } from '../support/model-history.ts';
import { databaseAway, type ModelStore } from '../support/model-store.ts';

class RecordingFollower implements FeedFollower {
  readonly offsets: number[] = [];
  /** First offset and length of each. */
  readonly runs: [number, number][] = [];
  chases = 0;
  restarts = 0;

  onFrame(offset: number): boolean {
    this.offsets.push(offset);
    return true;
  }

  onFrames(first: number, texts: readonly string[]): boolean {
    this.runs.push([first, texts.length]);
    return true;
  }

  chase(): void {
    this.chases += 1;
  }

  onRestart(): void {
    this.restarts += 1;
  }
}

describe('Feed', () => {
  let store: ModelStore;
  let counters: RelayCounters;
  let heads: HeadReader;
  let feed: Feed;
  let follower: RecordingFollower;
  let history: ModelHistory;

  beforeEach(() => {
    vi.useFakeTimers();
    ({ store, counters, heads, history, feed } = modelFeed());
    follower = new RecordingFollower();
    feed.addFollower(follower);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  /** Writes messages; their hints. */
  function written(count: number): Envelope[] {
    return store.appendMany('1', count).map((text) => {
      const envelope = decodeEnvelope('1', text);
      if (envelope === undefined) throw new Error('not a frame');
      return envelope;
    });
  }

  async function open(): Promise<void> {
    feed.onReading(await reading(), undefined);
    store.headQueries.length = 0;
  }

  /** A comparison that found nothing wrong. */
  function compare(reading: HeadReading, known: Position, hintsFlow: boolean): void {
    const [rows, databaseTimeMs] = [feed.seenRows(), Date.parse('2026-11-23T08:00:00.000Z')];
    feed.onComparison({ reading, known, rows, contradicted: undefined, databaseTimeMs, hintsFlow });
  }

  async function reading() {
    const answer = heads.read('1');
    await vi.advanceTimersByTimeAsync(0);
    return answer;
  }

  it('[DEL-6] a hint that comes in order goes straight to the followers', async () => {
    await open();
    for (const hint of written(3)) feed.onHint(hint);
    expect(follower.offsets).toEqual([1, 2, 3]);
    expect([feed.head, store.headQueries.length]).toEqual([3, 0]);
  });

  it('[DEL-6] hints of one turn go to several followers together, when the turn ends', async () => {
    const second = new RecordingFollower();
    feed.addFollower(second);
    await open();
    for (const hint of written(3)) feed.onHint(hint);
    expect([feed.head, follower.runs]).toEqual([3, []]);
    await vi.advanceTimersByTimeAsync(0);
    feed.removeFollower(second);
    for (const hint of written(2)) feed.onHint(hint);
    await vi.advanceTimersByTimeAsync(0);
    expect([follower.offsets, follower.runs, second.runs]).toEqual([
      [],
      [
        [1, 3],
        [4, 2],
      ],
      [[1, 3]],
    ]);
  });

  it('[DEL-10] what gathers for several followers is bounded', async () => {
    feed.addFollower(new RecordingFollower());
    await open();
    const [hint] = written(1) as [Envelope];
    const large = { ...hint, frame: 'x'.repeat(10_000) };
    for (let offset = 1; offset <= 3; offset += 1) feed.onHint({ ...large, offset });
    expect(follower.runs).toEqual([[1, 2]]);
    await vi.advanceTimersByTimeAsync(0);
    expect(follower.runs).toEqual([
      [1, 2],
      [3, 1],
    ]);
  });

  it('[DEL-6] what gathered goes out before anybody is sent to the log for it', async () => {
    feed.addFollower(new RecordingFollower());
    await open();
    for (const hint of written(2)) feed.onHint(hint);
    const known = feed.position!;
    compare(await reading(), known, false);
    expect([follower.runs, follower.chases]).toEqual([[[1, 2]], 1]);
  });

  it('[DEL-9] gathered frames of a log that ended go out before its followers are notified', async () => {
    feed.addFollower(new RecordingFollower());
    await open();
    for (const hint of written(2)) feed.onHint(hint);
    feed.onReading({ epoch: 'another', head: 0, epochStart: 0 }, feed.position);
    expect([follower.runs, follower.restarts]).toEqual([[[1, 2]], 1]);
  });

  it('[DEL-6] a hint that is not new is dropped', async () => {
    const hints = written(2);
    await open();
    for (const hint of hints) feed.onHint(hint);
    expect(follower.offsets).toEqual([]);
    expect(counters.hintsOld).toBe(2);
  });

  it('[DEL-6] hints that overtook each other are put in order without asking anybody', async () => {
    await open();
    const [first, second, third, fourth] = written(4) as [Envelope, Envelope, Envelope, Envelope];
    for (const hint of [third, second, fourth]) feed.onHint(hint);
    expect(follower.offsets).toEqual([]);
    await vi.advanceTimersByTimeAsync(9);
    feed.onHint(first);
    expect(follower.offsets).toEqual([1, 2, 3, 4]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(store.headQueries).toEqual([]);
  });

  it('[DEL-6] a predecessor that does not come within a few ms is looked for in the database', async () => {
    await open();
    feed.onHint(written(2)[1]!);
    await vi.advanceTimersByTimeAsync(9);
    expect(store.headQueries).toEqual([]);
    await vi.advanceTimersByTimeAsync(5);
    expect(feed.head).toBe(2);
    expect(follower.chases).toBe(1);
    expect(counters.gapsRepaired).toBe(1);
  });

  it('[DEL-6] hints that arrive while the database is queried are not lost', async () => {
    await open();
    store.beforeAnswer = () => new Promise((answer) => setTimeout(answer, 50));
    const [, second, third] = written(3) as [Envelope, Envelope, Envelope];
    feed.onHint(second);
    await vi.advanceTimersByTimeAsync(20); // asked, and looked at: head 3
    const [fourth, fifth, sixth] = written(3) as [Envelope, Envelope, Envelope];
    feed.onHint(third);
    feed.onHint(sixth);
    feed.onHint(fourth);
    await vi.advanceTimersByTimeAsync(45);
    expect([feed.head, follower.offsets]).toEqual([4, [4]]);
    feed.onHint(fifth);
    expect([feed.head, follower.offsets]).toEqual([6, [4, 5, 6]]);
  });

  it('[DEL-6] what was heard of while the database was asked, and does not come, is asked for again', async () => {
    await open();
    store.beforeAnswer = () => new Promise((answer) => setTimeout(answer, 50));
    feed.onHint(written(2)[1]!);
    await vi.advanceTimersByTimeAsync(20);
    feed.onHint(written(2)[1]!);
    await vi.advanceTimersByTimeAsync(200);
    expect(feed.head).toBe(4);
    expect(store.headQueries).toHaveLength(2);
  });

  it('[DEL-1] a hint that comes while the feed opens is remembered, and the log is read', async () => {
    const before = await reading();
    feed.onHint(written(1)[0]!);
    feed.onReading(before, undefined);
    expect(feed.head).toBe(0);
    await vi.advanceTimersByTimeAsync(15);
    expect(feed.head).toBe(1);
  });

  it('[DEL-7] a hint of another epoch moves nothing and asks the database, once at a time', async () => {
    await open();
    const [hint] = written(1) as [Envelope];
    for (let index = 0; index < 100; index += 1) feed.onHint({ ...hint, epoch: `other ${index}` });
    expect([feed.head, follower.offsets]).toEqual([0, []]);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.headQueries).toHaveLength(1);
    expect([feed.head, follower.restarts]).toEqual([1, 0]);
  });

  it('[DEL-7] a flood of hints from nowhere is neither kept nor asked about more than now and then', async () => {
    await open();
    const [hint] = written(1) as [Envelope];
    for (let index = 0; index < 10_000; index += 1) feed.onHint({ ...hint, offset: 1_000 + index });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(store.headQueries).toHaveLength(1);
    expect(feed.head).toBe(1);
    written(1_100);
    feed.askDatabase();
    await vi.advanceTimersByTimeAsync(0);
    expect([feed.head, follower.offsets]).toEqual([1_101, []]); // none of them was waiting for its turn
  });

  it('[DEL-9] another epoch restarts the log once it is known, and all followers are notified', async () => {
    written(3);
    await open();
    history.epoch = 'epoch-1';
    store.restart(0);
    feed.askDatabase();
    await vi.advanceTimersByTimeAsync(0);
    expect([history.doubts, follower.restarts, feed.epoch]).toEqual([[undefined], 0, 'epoch-1']);
    history.epoch = 'epoch-2';
    feed.askDatabase();
    await vi.advanceTimersByTimeAsync(0);
    expect(follower.restarts).toBe(1);
    expect(feed.position).toMatchObject({ epoch: 'epoch-2', head: 3 });
  });

  it('[DEL-9] a reading that hints have overtaken is no restart', async () => {
    await open();
    const known = feed.position;
    const old = await reading();
    for (const hint of written(2)) feed.onHint(hint);
    feed.onReading(old, known);
    expect([feed.head, follower.restarts]).toEqual([2, 0]);
  });

  it('[DEL-9] an answer about a log that was left meanwhile counts for nothing', async () => {
    written(3);
    await open();
    const known = feed.position;
    const old = await reading();
    store.restart(2);
    feed.onReading(await reading(), known);
    expect(follower.restarts).toBe(1);
    feed.onReading(old, known);
    expect(feed.position).toMatchObject({ epoch: 'epoch-2', head: 1 });
    expect(follower.restarts).toBe(1);
  });

  it('of two answers asked for before anything was known, the later head holds', async () => {
    const first = await reading();
    written(2);
    const second = await reading();
    feed.onReading(first, undefined);
    feed.onReading(second, undefined);
    expect(feed.head).toBe(2);
  });

  it('[DEL-8] a comparison gives a hint on its way its few ms, and repairs what is lost', async () => {
    await open();
    const known = feed.position!;
    const hints = written(2);
    compare(await reading(), known, true);
    expect(feed.head).toBe(0);
    feed.onHint(hints[0]!);
    expect(follower.offsets).toEqual([1]);
    await vi.advanceTimersByTimeAsync(15);
    expect(feed.head).toBe(2);
  });

  it('[DEL-8] without a bus the comparison moves the feed at once', async () => {
    await open();
    const known = feed.position!;
    written(2);
    compare(await reading(), known, false);
    expect([feed.head, follower.chases]).toEqual([2, 1]);
  });

  it('[DEL-8] a comparison starts those again whose read failed', async () => {
    written(2);
    await open();
    compare(await reading(), feed.position!, true);
    expect(follower.chases).toBe(1);
  });

  it('asks again after the database was away', async () => {
    await open();
    store.beforeRead = databaseAway;
    feed.onHint(written(2)[1]!);
    await vi.advanceTimersByTimeAsync(15);
    store.beforeRead = () => Promise.resolve();
    feed.askDatabase();
    await vi.advanceTimersByTimeAsync(0);
    expect(feed.head).toBe(2);
  });

  it('once closed it asks nothing, and no timer is left', async () => {
    await open();
    feed.onHint(written(2)[1]!);
    feed.close();
    expect(vi.getTimerCount()).toBe(0);
    feed.askDatabase();
    feed.onReading(await reading(), feed.position);
    expect(feed.head).toBe(0);
  });
});
