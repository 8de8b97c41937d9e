import { Histogram, type Registry } from 'prom-client';

/**
 * Counts values by their size, for a histogram. Cheap enough for every message: the library's own histogram validates and
 * sorts labels at each call, which costs more than sending a message.
 */
export class Distribution {
  /** Upper bounds of the buckets, ascending and included; larger values are only part of `count` and `sum`. */
  readonly bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = Array<number>(bounds.length + 1).fill(0);
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Adds a value, or the same value several times. Most values are small, so the search begins at the smallest bucket. */
  add(value: number, times = 1): void {
    const { bounds } = this;
    let index = 0;
    while (value > (bounds[index] ?? Infinity)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + times;
    this.#sum += value * times;
  }

  /** How many values are not larger than each bound. */
  cumulativeCounts(): number[] {
    let sum = 0;
    return this.bounds.map((_bound, index) => (sum += this.#counts[index] ?? 0));
  }
}

/** A distribution and the labels under which it is shown. */
export type LabelledDistribution = readonly [labels: Readonly<Record<string, string>>, Distribution];

export interface DistributionsOptions {
  readonly name: string;
  readonly help: string;
  /** Called when the metrics are collected. */
  readonly read: () => Iterable<LabelledDistribution>;
}

type HistogramValues = Awaited<ReturnType<Histogram['get']>>;

/** Shows distributions as one histogram of the registry. */
export function showDistributions(registry: Registry, options: DistributionsOptions): void {
  new DistributionsMetric(registry, options);
}

/** A new distribution, shown as a histogram of the registry. */
export function createDistribution(
  registry: Registry,
  {
    name,
    help,
    bounds,
  }: { readonly name: string; readonly help: string; readonly bounds: readonly number[] },
): Distribution {
  const distribution = new Distribution(bounds);
  showDistributions(registry, { name, help, read: () => [[{}, distribution]] });
  return distribution;
}

/** To the registry it is a histogram of the library; its values are read from the distributions. */
class DistributionsMetric extends Histogram {
  readonly #template: Histogram;
  readonly #options: DistributionsOptions;

  constructor(registry: Registry, options: DistributionsOptions) {
    const { name, help } = options;
    super({ name, help, registers: [registry] });
    this.#template = new Histogram({ name, help, registers: [] });
    this.#options = options;
  }

  override async get(): Promise<HistogramValues> {
    const values = [...this.#options.read()].flatMap((row) => this.#valuesOf(row));
    return { ...(await this.#template.get()), values };
  }

  /** The registry prefers this method for the text. */
  getForPromString(): Promise<HistogramValues> {
    return this.get();
  }

  #valuesOf([labels, distribution]: LabelledDistribution): HistogramValues['values'] {
    const { name } = this.#options;
    const { bounds, count, sum } = distribution;
    const cumulative = distribution.cumulativeCounts();
    const buckets = [...bounds, '+Inf'].map((le, index) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le },
      value: cumulative[index] ?? count,
    }));
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
