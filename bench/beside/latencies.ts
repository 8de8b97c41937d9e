import { percentile, sort } from '../measure/statistics.ts';
import { type Ratios, shareOf } from './ratios.ts';
import type { SliceCost } from './side.ts';

type SliceArrivals = Pick<SliceCost, 'arrivalMs'>;

const SIXTHS = 6;
/** Fewer would leave a sixth with one slice, whose p99 is made of too few messages. */
const ROUNDS_MIN = 12;

/** Of all slices together. */
export function arrivalRank(slices: readonly SliceArrivals[], share: number): number {
  return percentile(sort(slices.flatMap(({ arrivalMs }) => [...arrivalMs])), share);
}

/**
 * The p99 as percentages of the other system's, for each sixth of the rounds: one slice has too few messages for a p99, and
 * one number for the whole run has no range. Undefined if there are too few rounds.
 */
export function p99BySixths(
  slices: readonly SliceArrivals[],
  others: readonly SliceArrivals[],
): Ratios | undefined {
  if (slices.length < ROUNDS_MIN) return undefined;
  const otherSixths = sixthsOf(others);
  return {
    name: 'send to arrival p99, by sixths of the run',
    percentages: sixthsOf(slices).map((sixth, index) =>
      shareOf(arrivalRank(sixth, 0.99), arrivalRank(otherSixths[index] ?? [], 0.99)),
    ),
  };
}

/** Six equal groups in the order of time; where that is not possible, some have one slice more. */
function sixthsOf<Slice>(slices: readonly Slice[]): Slice[][] {
  const startOf = (sixth: number) => Math.floor((sixth * slices.length) / SIXTHS);
  return Array.from({ length: SIXTHS }, (_, sixth) => slices.slice(startOf(sixth), startOf(sixth + 1)));
}
