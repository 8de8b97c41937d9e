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
