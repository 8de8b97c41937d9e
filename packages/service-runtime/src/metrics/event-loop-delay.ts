import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';
import { Distribution, showDistributions } from './distribution.ts';

/** Gauges of the library about the time between two samples of the event loop. */
const NAMES = ['min', 'max', 'mean', 'p50', 'p90', 'p99'].map(
  (part) => `nodejs_eventloop_lag_${part}_seconds`,
);

/** Below the first a timer is merely inexact; a service that stands still for 5 s fails its probes. */
const BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const NANOSECONDS = 1e9;
/** Samples of a minute and a half, read in some 5 ms. If nobody asked for longer, these many percentiles have to do. */
const STEPS_MAX = 1_000;

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

/**
 * Shows the delay of the event loop as a histogram, which can be summed over processes and times as the library's
 * percentiles cannot. Node samples it outside JavaScript; the samples are counted when the metrics are collected.
 */
export function showEventLoopDelay(registry: Registry, sampleMs: number): void {
  const samples = monitorEventLoopDelay({ resolution: sampleMs });
  samples.enable();
  const delays = new Distribution(BOUNDS_SECONDS);
  showDistributions(registry, {
    name: 'postline_event_loop_delay_seconds',
    help: 'Delay of the event loop, sampled ten times a second: how long everything in the process had to wait.',
    read: () => {
      moveSamples(samples, delays, sampleMs / 1_000);
      return [[{}, delays]];
    },
  });
}

/** Adds the samples since the last call. Node shows them only as percentiles: of few samples, each is one of them. */
function moveSamples(samples: IntervalHistogram, delays: Distribution, intervalSeconds: number): void {
  const { count } = samples;
  const steps = Math.min(count, STEPS_MAX);
  for (let step = 1; step <= steps; step += 1) {
    const seconds = samples.percentile((100 * (step - 0.5)) / steps) / NANOSECONDS;
    const times = Math.floor((count * step) / steps) - Math.floor((count * (step - 1)) / steps);
    delays.add(Math.max(seconds - intervalSeconds, 0), times);
  }
  samples.reset();
}
