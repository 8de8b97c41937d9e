import { Counter, type MetricsRegistry } from '@postline/service-runtime';

export interface TallyOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** A counter with labels for what is counted at every request. */
export interface Tally {
  /** Label values in the order of their names. */
  add(count: number, ...labelValues: readonly string[]): void;
}

interface Row {
  readonly labels: Record<string, string>;
  /** Not yet in the counter. */
  count: number;
}

/** Visible in no label value of ours. */
const SEPARATOR = '\n';

/**
 * Counts in a map of its own, and hands over to the registry when that is asked: the library checks and sorts the
 * labels at each call, which costs more than a message's way through the commit.
 */
export function createTally(registry: MetricsRegistry, { name, help, labelNames }: TallyOptions): Tally {
  const rows = new Map<string, Row>();
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
  return {
    add: (count, ...labelValues) => {
      const key = labelValues.join(SEPARATOR);
      const row = rows.get(key);
      if (row !== undefined) row.count += count;
      else {
        const labels = Object.fromEntries(
          labelNames.map((label, index) => [label, labelValues[index] ?? '']),
        );
        rows.set(key, { labels, count });
      }
    },
  };
}
