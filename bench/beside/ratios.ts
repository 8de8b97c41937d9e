import type { FigureSummary } from '../measure/figure.ts';
import { median, percentile, sort } from '../measure/statistics.ts';
import type { SliceCost } from './side.ts';

/** One cost as percentages of the other system's in the same pairs. */
export interface Ratios {
  readonly name: string;
  readonly percentages: readonly number[];
}

/** Compares slices pair by pair: all servers, then each role that both have. */
export function ratiosOf(costs: readonly SliceCost[], others: readonly SliceCost[]): Ratios[] {
  const ratios = (name: string, costOf: (cost: SliceCost) => number | undefined): Ratios => ({
    name,
    percentages: costs.flatMap((cost, pair) => {
      const otherCost = others[pair];
      const share = ((costOf(cost) ?? NaN) / ((otherCost && costOf(otherCost)) ?? NaN)) * 100;
      return Number.isFinite(share) ? [share] : [];
    }),
  });
  const roles = [...(costs[0]?.byRole.keys() ?? [])];
  return [
    ratios('all servers', ({ all }) => all),
    ...roles.map((role) => ratios(`  ${role}`, ({ byRole }) => byRole.get(role))),
  ];
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
