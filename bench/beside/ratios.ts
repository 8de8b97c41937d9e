import type { FigureSummary } from '../measure/figure.ts';
import { median, percentile, sort } from '../measure/statistics.ts';
import type { SliceCost } from './side.ts';

/** One cost as percentages of the other system's in the same rounds. */
export interface Ratios {
  readonly name: string;
  readonly percentages: readonly number[];
}

/**
 * Compares slices round by round: all servers, each role that both have, and the median latency. A row that fewer than half of
 * the rounds have is left out: the CPU of a server that does nothing is counted as 0 in most slices.
 */
export function ratiosOf(costs: readonly SliceCost[], others: readonly SliceCost[]): Ratios[] {
  const ratios = (name: string, costOf: (cost: SliceCost) => number | undefined): Ratios => ({
    name,
    percentages: costs.flatMap((cost, round) => {
      const otherCost = others[round];
      const share = shareOf(costOf(cost), otherCost && costOf(otherCost));
      return Number.isFinite(share) ? [share] : [];
    }),
  });
  const roles = [...(costs[0]?.byRole.keys() ?? [])];
  return [
    ratios('all servers', ({ all }) => all),
    ...roles.map((role) => ratios(`  ${role}`, ({ byRole }) => byRole.get(role))),
    ratios('send to arrival p50', ({ arrivalMs }) => percentile(arrivalMs, 0.5)),
  ].filter(({ percentages }) => percentages.length >= costs.length / 2);
}

/** In percent. Not finite where there is nothing to compare. */
export function shareOf(value = NaN, other = NaN): number {
  return (value / other) * 100;
}

/** The median, and the range of the middle half. */
export function middleHalf({ name, percentages }: Ratios): FigureSummary {
  const sorted = sort(percentages);
  return {
    name,
    unit: '%',
    median: median(percentages),
    lowest: percentile(sorted, 0.25),
    highest: percentile(sorted, 0.75),
  };
}
