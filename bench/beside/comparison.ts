import { type FigureSummary, summarise } from '../measure/figure.ts';
import { percentile } from '../measure/statistics.ts';
import { formatNumber, formatTable } from '../report/table.ts';
import { arrivalRank, p99BySixths } from './latencies.ts';
import { middleHalf, ratiosOf, shareOf } from './ratios.ts';
import type { SliceCost } from './side.ts';

/** A system and its slices, one for each round. */
export interface MeasuredSide {
  readonly name: string;
  readonly slices: readonly SliceCost[];
}

/** What one system's slices cost, and how long its messages took in all of them together. */
export function describeSide({ name, slices }: MeasuredSide): string {
  const rank = (share: number) => arrivalRank(slices, share).toFixed(2);
  return [
    name,
    formatTable(figuresOf(slices)),
    `send to arrival, all slices: p50 ${rank(0.5)} ms, p99 ${rank(0.99)} ms`,
  ].join('\n');
}

/** This build as a share of one other system. */
export function describeRatios(present: MeasuredSide, other: MeasuredSide): string {
  const sixths = p99BySixths(present.slices, other.slices);
  const ratios = [...ratiosOf(present.slices, other.slices), ...(sixths === undefined ? [] : [sixths])];
  const p99 = shareOf(arrivalRank(present.slices, 0.99), arrivalRank(other.slices, 0.99));
  return [
    `${present.name} as a share of ${other.name}, round by round (range: the middle half)`,
    formatTable(ratios.map(middleHalf)),
    `send to arrival p99, all slices: ${formatNumber(p99)} %`,
  ].join('\n');
}

function figuresOf(slices: readonly SliceCost[]): FigureSummary[] {
  return summarise(
    slices.map(({ all, byRole, messagesPerSecond, arrivalMs }) => [
      { name: 'accepted', unit: 'per s', value: messagesPerSecond },
      { name: 'all servers', unit: 'ms CPU per 1,000', value: all },
      ...[...byRole].map(([role, value]) => ({ name: `  ${role}`, unit: 'ms CPU per 1,000', value })),
      { name: 'send to arrival p50', unit: 'ms', value: percentile(arrivalMs, 0.5) },
    ]),
  );
}
