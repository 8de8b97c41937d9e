import { Gauge, type Registry } from 'prom-client';

/** Gauges of the library about the time between two samples of the event loop. */
const NAMES = ['min', 'max', 'mean', 'p50', 'p90', 'p99'].map(
  (part) => `nodejs_eventloop_lag_${part}_seconds`,
);

/**
 * The library reports the whole time between two samples, so a process without any delay would report the sampling
 * interval. This subtracts the interval.
 */
export function subtractSampleInterval(registry: Registry, sampleMs: number): void {
  for (const name of NAMES) {
    const gauge = registry.getSingleMetric(name);
    if (!(gauge instanceof Gauge)) throw new Error(`the library has no gauge ${name} any more`);
    const set = gauge.set.bind(gauge) as (labels: object, seconds: number) => void;
    gauge.set = (labels: object | number, seconds?: number) => {
      set(labels as object, Math.max((seconds ?? 0) - sampleMs / 1_000, 0));
    };
  }
}
