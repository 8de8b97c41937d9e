import { median, sort } from './statistics.ts';

/** One thing that was measured in one run. */
export interface Figure {
  /** The same in each run: what the table's row is called. */
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

/** The same figure over several runs. */
export interface FigureSummary {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Median and range of each figure over all runs that have it, in the order in which the first run names them. */
export function summarise(runs: readonly (readonly Figure[])[]): FigureSummary[] {
  const byName = new Map<string, { unit: string; values: number[] }>();
  for (const { name, unit, value } of runs.flat()) {
    const entry = byName.get(name) ?? { unit, values: [] };
    entry.values.push(value);
    byName.set(name, entry);
  }
  return [...byName].map(([name, { unit, values }]) => {
    const sorted = sort(values);
    return {
      name,
      unit,
      median: median(values),
      lowest: sorted.at(0) ?? NaN,
      highest: sorted.at(-1) ?? NaN,
    };
  });
}
