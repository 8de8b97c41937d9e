import type { ReaderCursor } from '@postline/message-store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StartReader } from '../../src/starting/start-reader.ts';
import { databaseAway, ModelStore } from '../support/model-store.ts';

describe('StartReader', () => {
  let store: ModelStore;
  let starts: StartReader;
  beforeEach(() => {
    vi.useFakeTimers();
    store = new ModelStore();
    starts = new StartReader(store);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const cursor = (targetId: string, offset: number): ReaderCursor => ({
    targetId,
    offset,
    epoch: 'before',
    mark: undefined,
  });

  it('[DEL-5] many readers that come together share a read, and each gets its own start', async () => {
    store.appendMany('1', 3);
    const asked = [cursor('1', 2), cursor('1', 3), cursor('2', 7), cursor('1', 2)];
    const answers = Promise.all(asked.map((each) => starts.readStart(each)));
    await vi.advanceTimersByTimeAsync(100);
    expect((await answers).map(({ head, recovered }) => [head, recovered])).toEqual([
      [3, false],
      [3, false],
      [0, false],
      [3, false],
    ]);
    expect(store.startQueries.map((each) => each.length)).toEqual([3]);
    expect(store.startQueries[0]).toContainEqual(cursor('2', 7));
  });

  it('[DEL-4] a cursor’s mark is passed on unchanged', async () => {
    const mark = { id: '9', createdAt: '2026-11-23T00:00:00.000Z' };
    const answer = starts.readStart({ ...cursor('1', 0), epoch: undefined, mark });
    await vi.advanceTimersByTimeAsync(100);
    expect(await answer).toMatchObject({ recovered: true });
    expect(store.startQueries).toEqual([[{ targetId: '1', offset: 0, epoch: undefined, mark }]]);
  });

  it('[DEL-4] reads which row stands at a cursor', async () => {
    store.appendMany('1', 2);
    const mark = { id: '2', createdAt: '2026-11-23T00:00:00.000Z' };
    const rows = Promise.all([starts.readRow({ ...cursor('1', 2), mark }), starts.readRow(cursor('1', 3))]);
    await vi.advanceTimersByTimeAsync(10);
    expect(await rows).toEqual([expect.objectContaining({ id: '2' }), undefined]);
    expect(store.markQueries).toHaveLength(1);
    expect(store.markQueries[0]?.map((place) => place.mark)).toEqual([mark, undefined]); // found sooner by its id
  });

  it('[DEL-16] rejects while the database is away', async () => {
    store.beforeRead = databaseAway;
    const answer = expect(starts.readStart(cursor('1', 1))).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    await vi.advanceTimersByTimeAsync(100);
    await answer;
  });
});
