import { StoreUnavailableError } from '@postline/message-store';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NoRoomError } from '../../src/reading/bounded-reads.ts';
import {
  createBoundedReads as createReads,
  type BoundedReadsOptions,
  type ReadOutcome,
} from '../../src/reading/bounded-reads.ts';

/** One reader may have two of the eight reads. */
const OPTIONS = { what: 'reading', readsMax: 8, waitingMax: 0, deadlineMs: 4_000 };

/** All reads of one reader. */
function createBoundedReads(options: BoundedReadsOptions) {
  const bounded = createReads(options);
  return <T>(read: (expired: AbortSignal) => Promise<T>, readerId = 'one'): Promise<ReadOutcome<T>> =>
    bounded({ readerId, read });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('returns the value that was read', async () => {
  const bounded = createBoundedReads(OPTIONS);
  expect(await bounded(() => Promise.resolve('text'))).toEqual({ kind: 'read', value: 'text' });
});

it('[PUB-9] a late read is store-unavailable; it keeps its slot until it ends', async () => {
  const bounded = createBoundedReads(OPTIONS);
  let end: ((value: string) => void) | undefined;
  let signal: AbortSignal | undefined;
  const late = bounded((expired) => {
    signal = expired;
    return new Promise<string>((resolve) => {
      end = resolve;
    });
  });
  const other = bounded(() => new Promise<string>(() => undefined));
  expect(await bounded(() => Promise.resolve(''))).toEqual({ kind: 'overloaded' });
  await vi.advanceTimersByTimeAsync(4_001);
  expect([await late, await other]).toEqual([{ kind: 'store-unavailable' }, { kind: 'store-unavailable' }]);
  expect(signal?.aborted).toBe(true);
  expect(await bounded(() => Promise.resolve(''))).toEqual({ kind: 'overloaded' });
  end?.('late');
  await vi.advanceTimersByTimeAsync(0);
  expect(await bounded(() => Promise.resolve('next'))).toEqual({ kind: 'read', value: 'next' });
});

it('[PUB-8] a bounded number of reads waits for its turn; a read that waits too long is not started', async () => {
  const bounded = createBoundedReads({ ...OPTIONS, readsMax: 1, waitingMax: 2 });
  const done: string[] = [];
  let end: ((value: string) => void) | undefined;
  const first = bounded(() => new Promise<string>((resolve) => (end = resolve)));
  const read = (value: string) => () => {
    done.push(value);
    return Promise.resolve(value);
  };
  const second = bounded(read('second'));
  await vi.advanceTimersByTimeAsync(3_000);
  const third = bounded(read('third'));
  expect(await bounded(read('one too many'))).toEqual({ kind: 'overloaded' });
  await vi.advanceTimersByTimeAsync(1_001);
  expect([await first, await second]).toEqual([{ kind: 'store-unavailable' }, { kind: 'store-unavailable' }]);
  end?.('late');
  expect(await third).toEqual({ kind: 'read', value: 'third' });
  expect(done).toEqual(['third']);
});

it('a database that is away is an outcome, a mistake of ours is not', async () => {
  const bounded = createBoundedReads(OPTIONS);
  const away = () => Promise.reject(new StoreUnavailableError('reading', undefined));
  expect(await bounded(away)).toEqual({ kind: 'store-unavailable' });
  await expect(bounded(() => Promise.reject(new RangeError('ours')))).rejects.toThrow('ours');
  expect(await bounded(() => Promise.resolve(1))).toEqual({ kind: 'read', value: 1 });
});

it('[SEC-13] readers take turns, and one of them leaves room for others', async () => {
  const bounded = createBoundedReads({ ...OPTIONS, readsMax: 1, waitingMax: 8 });
  const order: string[] = [];
  const read = (readerId: string) =>
    bounded(() => {
      order.push(readerId);
      return Promise.resolve(readerId);
    }, readerId);
  const greedy = Array.from({ length: 8 }, () => read('greedy'));
  const modest = read('modest');
  const outcomes = await Promise.all(greedy);
  expect(await modest).toEqual({ kind: 'read', value: 'modest' });
  expect(order.indexOf('modest')).toBeLessThanOrEqual(2);
  expect(outcomes.filter(({ kind }) => kind === 'overloaded')).toHaveLength(1);
});

it('[MEM-6] a read without memory for its answer is overloaded', async () => {
  const bounded = createBoundedReads(OPTIONS);
  expect(await bounded(() => Promise.reject(new NoRoomError()))).toEqual({ kind: 'overloaded' });
});
