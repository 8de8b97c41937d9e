import { decodeEnvelope, type Envelope } from '@postline/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Feed } from '../../src/feeds/feed.ts';
import type { HeadReader, HeadReading } from '../../src/feeds/head-reader.ts';
import type { Position } from '../../src/feeds/seen-rows.ts';
import type { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { modelFeed } from '../support/model-feed.ts';
import type { ModelHistory } from '../support/model-history.ts';
import type { ModelStore } from '../support/model-store.ts';

describe('what a feed has seen of its log', () => {
  let store: ModelStore;
  let counters: RelayCounters;
  let heads: HeadReader;
  let history: ModelHistory;
  let suspicions: number;
  let feed: Feed;

  beforeEach(() => {
    vi.useFakeTimers();
    suspicions = 0;
    ({ store, counters, heads, history, feed } = modelFeed(() => {
      suspicions += 1;
    }));
  });

  afterEach(() => {
    feed.close();
    vi.useRealTimers();
  });

  /** Writes messages; their hints. */
  function written(count: number): Envelope[] {
    return store.appendMany('1', count).flatMap((text) => decodeEnvelope('1', text) ?? []);
  }

  async function reading(): Promise<HeadReading> {
    const answer = heads.read('1');
    await vi.advanceTimersByTimeAsync(0);
    return answer;
  }

  async function open(): Promise<void> {
    feed.onReading(await reading(), undefined);
  }

  /** A comparison that found nothing wrong. */
  function compare(reading: HeadReading, known: Position, hintsFlow: boolean): void {
    const [rows, databaseTimeMs] = [feed.seenRows(), Date.parse('2026-11-23T08:00:00.000Z')];
    feed.onComparison({ reading, known, rows, contradicted: undefined, databaseTimeMs, hintsFlow });
  }

  it('[EPO-4] a read that contradicts what was seen is a doubt, and moves nothing', async () => {
    const [, , last] = written(3);
    await open();
    store.rewind(1);
    feed.askDatabase();
    await vi.advanceTimersByTimeAsync(0);
    const row = { targetId: '1', offset: 3, mark: { id: last!.id, createdAt: last!.createdAt } };
    const doubt = { ...row, sharedUntilMs: Date.parse(last!.createdAt) };
    expect(history.doubts).toEqual([doubt]);
    store.append('1');
    feed.askDatabase(); // another row at the same offset
    await vi.advanceTimersByTimeAsync(0);
    expect(history.doubts).toEqual([doubt, doubt]);
    expect(feed.head).toBe(3);
  });

  it('[EPO-4] a doubt has the time until which the log was the known one: its row’s time, or a later comparison', async () => {
    written(2);
    await open();
    compare(await reading(), feed.position!, true);
    const [row] = feed.seenRows();
    const known = feed.position!;
    const comparison = { reading: await reading(), known, rows: [row!], hintsFlow: true, databaseTimeMs: 0 };
    feed.onComparison({ ...comparison, contradicted: row });
    expect(history.doubts).toMatchObject([{ offset: 2, sharedUntilMs: Date.parse('2026-11-23T08:00:00Z') }]);
  });

  it('[EPO-4] old hints that are explained by what was seen are no suspicion', async () => {
    const [first, second, third] = written(3) as [Envelope, Envelope, Envelope];
    await open();
    feed.onHint(third);
    expect(suspicions).toBe(0);
    compare(await reading(), feed.position!, true);
    for (const hint of written(2)) feed.onHint(hint);
    feed.onHint(third); // the head at the comparison
    expect(suspicions).toBe(0);
    for (const hint of [first, second, first]) feed.onHint(hint);
    expect(suspicions).toBe(1); // until it has been compared
  });

  it('[EPO-4] a hint of another row at a known offset keeps what was known, whatever hints follow', async () => {
    const [, , third] = written(3);
    await open();
    store.rewind(2);
    for (const hint of written(3)) feed.onHint(hint);
    expect([suspicions, feed.head]).toEqual([1, 4]);
    expect(feed.seenRows().map(({ offset, mark }) => [offset, mark?.id])).toEqual([
      [4, '6'],
      [3, third!.id],
    ]);
    compare(await reading(), feed.position!, true);
    expect(feed.seenRows()).toHaveLength(1); // agreed
  });

  it('[DEL-19] what a comparison finds ahead counts as a lost hint where none comes until the next one', async () => {
    await open();
    const [first] = written(1) as [Envelope];
    compare(await reading(), feed.position!, true);
    await vi.advanceTimersByTimeAsync(20);
    feed.onHint(first); // late, but it comes
    compare(await reading(), feed.position!, true);
    expect([feed.head, counters.hintsLost]).toEqual([1, 0]);
    written(1);
    compare(await reading(), feed.position!, true);
    await vi.advanceTimersByTimeAsync(20);
    compare(await reading(), feed.position!, true);
    expect([feed.head, counters.hintsLost]).toEqual([2, 1]);
    compare(await reading(), feed.position!, true);
    expect(counters.hintsLost).toBe(1);
  });
});
