import { expect, it, vi } from 'vitest';
import { Arrivals } from '../../src/sending/arrivals.ts';

it('[PAGE-9] reports a message that arrived before the question, and one that arrives after', () => {
  const arrivals = new Arrivals();
  const tell = vi.fn();
  arrivals.note('7', 12.5);
  arrivals.when('7', tell);
  expect(tell.mock.calls).toEqual([[12.5]]);

  arrivals.when('8', tell);
  arrivals.note('9', 13);
  expect(tell).toHaveBeenCalledTimes(1);
  arrivals.note('8', 14);
  arrivals.note('8', 15);
  expect(tell.mock.calls).toEqual([[12.5], [14]]);
});

it('[PAGE-9] waits only for the last message asked for', () => {
  const arrivals = new Arrivals();
  const first = vi.fn();
  const second = vi.fn();
  arrivals.when('1', first);
  arrivals.when('2', second);
  arrivals.note('1', 1);
  arrivals.note('2', 2);
  expect(first).not.toHaveBeenCalled();
  expect(second).toHaveBeenCalledExactlyOnceWith(2);
});

it('forgets the oldest: a page that is open for weeks keeps a hundred', () => {
  const arrivals = new Arrivals();
  for (let id = 0; id <= 100; id += 1) arrivals.note(String(id), id);
  const oldest = vi.fn();
  arrivals.when('0', oldest);
  expect(oldest).not.toHaveBeenCalled();
  const next = vi.fn();
  arrivals.when('1', next);
  expect(next).toHaveBeenCalledExactlyOnceWith(1);
});
