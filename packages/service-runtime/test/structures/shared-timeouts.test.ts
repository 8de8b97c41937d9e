import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SharedTimeouts } from '../../src/structures/shared-timeouts.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Starts timeouts that note their names when they expire. */
function noting(milliseconds: number) {
  const timeouts = new SharedTimeouts(milliseconds);
  const expired: string[] = [];
  const start = (name: string) => timeouts.start(() => expired.push(name));
  return { timeouts, expired, start };
}

it('each expires after its own time, in order', () => {
  const { expired, start } = noting(100);
  start('a');
  vi.advanceTimersByTime(60);
  start('b');
  start('c');
  vi.advanceTimersByTime(39);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(['a']);
  vi.advanceTimersByTime(59);
  expect(expired).toEqual(['a']);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(['a', 'b', 'c']);
});

it('one that was ended does not expire, and does not shorten the next one', () => {
  const { timeouts, expired, start } = noting(100);
  const early = start('early');
  timeouts.end(early);
  vi.advanceTimersByTime(90);
  start('late');
  vi.advanceTimersByTime(99);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(['late']);
  timeouts.end(early);
});

it('a callback may start and end others, and thousands leave one timer behind, which ends by itself', () => {
  const { timeouts, expired, start } = noting(100);
  const other = start('other');
  timeouts.start(() => {
    expired.push('first');
    start('later');
  });
  timeouts.end(other);
  for (let count = 0; count < 5_000; count += 1) timeouts.end(start('done'));
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(100);
  expect(expired).toEqual(['first']);
  vi.advanceTimersByTime(100);
  expect(expired).toEqual(['first', 'later']);
  expect(vi.getTimerCount()).toBe(0);
});
