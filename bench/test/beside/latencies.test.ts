import { expect, it } from 'vitest';
import { arrivalRank, p99BySixths } from '../../beside/latencies.ts';

const slice = (...arrivalMs: number[]) => ({ arrivalMs: Float64Array.from(arrivalMs) });
const slices = (count: number, msOf: (round: number) => number) =>
  Array.from({ length: count }, (_, round) => slice(1, msOf(round)));

it('ranks the messages of all slices together', () => {
  expect(arrivalRank([slice(1, 10), slice(2, 3)], 0.5)).toBe(2);
  expect(arrivalRank([slice(1, 10), slice(2, 3)], 0.99)).toBe(10);
});

it('compares the p99 of each sixth of the rounds', () => {
  const present = slices(12, (round) => 10 * (round + 1));
  const other = slices(12, () => 20);
  expect(p99BySixths(present, other)?.percentages).toEqual([100, 200, 300, 400, 500, 600]);
});

it('uses every round once where sixths are not equal', () => {
  const present = slices(13, (round) => (round === 12 ? 40 : 10));
  const other = slices(13, () => 20);
  expect(p99BySixths(present, other)?.percentages).toEqual([50, 50, 50, 50, 50, 200]);
});

it('has no sixths of fewer than twelve rounds', () => {
  const few = slices(11, () => 1);
  expect(p99BySixths(few, few)).toBeUndefined();
});
