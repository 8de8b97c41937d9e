import { Gauge, type Registry } from 'prom-client';

/** What the library tells of the times between two looks at the event loop. */
const NAMES = ['min', 'max', 'mean', 'p50', 'p90', 'p99'].map(
  (part) => `nodejs_eventloop_lag_${part}_seconds`,
);

/**
 * The library tells the time from one look to the next, in which the wait for it is included: a process without any
 * delay would show the wait. From here on it shows nothing.
 */
export function tellDelayAlone(registry: Registry, sampleMs: number): void {
  for (const name of NAMES) {
    const gauge = registry.getSingleMetric(name);
    if (!(gauge instanceof Gauge)) throw new Error(`the library has no gauge ${name} any more`);
    const set = gauge.set.bind(gauge) as (labels: object, seconds: number) => void;
    gauge.set = (labels: object | number, seconds?: number) => {
      set(labels as object, Math.max((seconds ?? 0) - sampleMs / 1_000, 0));
    };
  }
}
