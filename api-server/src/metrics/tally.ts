import { Counter, type MetricsRegistry } from '@postline/service-runtime';

export interface TallyOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** A counter with labels that is cheap enough for every request. */
export interface Tally {
  /** Label values in the order of `labelNames`. */
  add(count: number, ...labelValues: readonly string[]): void;
}

interface Row {
  readonly labelValues: readonly string[];
  readonly labels: Record<string, string>;
  /** Not yet added to the registry's counter. */
  count: number;
}

/** Contained in no label value. */
const SEPARATOR = '\n';

/**
 * Counts in a map, and passes the counts to the registry when it collects: the library validates and sorts the labels at
 * each call, which costs more than the commit of a message.
 */
export function createTally(registry: MetricsRegistry, { name, help, labelNames }: TallyOptions): Tally {
  const rows = new Map<string, Row>();
  let last: Row | undefined;
  new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      for (const row of rows.values()) {
        this.inc(row.labels, row.count);
        row.count = 0;
      }
    },
  });
  const rowOf = (labelValues: readonly string[]): Row => {
    const key = labelValues.join(SEPARATOR);
    const known = rows.get(key);
    if (known !== undefined) return known;
    const labels = Object.fromEntries(labelNames.map((label, index) => [label, labelValues[index] ?? '']));
    const row = { labelValues, labels, count: 0 };
    rows.set(key, row);
    return row;
  };
  return {
    add: (count, ...labelValues) => {
      // Nearly all requests have the same labels as the one before.
      if (last === undefined || !haveSameValues(last.labelValues, labelValues)) last = rowOf(labelValues);
      last.count += count;
    },
  };
}

function haveSameValues(a: readonly string[], b: readonly string[]): boolean {
  return a.every((value, index) => value === b[index]);
}
