import cluster from 'node:cluster';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import { WorkerRegistry } from './cluster-metrics.ts';
import { tellDelayAlone } from './event-loop-delay.ts';
import { logLinesLost } from '../logging/standard-streams.ts';

/** The kinds of figure that services make; from here, so that one version of the library serves one registry. */
export { Counter, Gauge, Histogram } from 'prom-client';

export type MetricsRegistry = Registry;

/** How often the event loop's delay is looked at: each time wakes a process that has nothing to do. */
const EVENT_LOOP_SAMPLE_MS = 100;

/** A registry with the process's own figures. Labels never carry ids: their number must stay small. */
export function createMetricsRegistry(service: string): MetricsRegistry {
  const registry = cluster.isWorker ? new WorkerRegistry() : new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  tellDelayAlone(registry, EVENT_LOOP_SAMPLE_MS);
  new Counter({
    name: 'postline_log_lines_lost_total',
    help: 'Lines of the log that their destination did not take',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(logLinesLost());
    },
  });
  return registry;
}

/** However many ask, the figures are put together once a second at most. */
const METRICS_AGE_MAX_MS = 1_000;

/** Gives a registry's text, made anew where the last one is a second old; who asks meanwhile gets the same. */
export function createMetricsText(registry: Pick<Registry, 'metrics'>): () => Promise<string> {
  let text: Promise<string> | undefined;
  let madeAtMs = -Infinity;
  return () => {
    if (text !== undefined && performance.now() - madeAtMs < METRICS_AGE_MAX_MS) return text;
    madeAtMs = Infinity; // until it is there
    text = registry.metrics().finally(() => {
      madeAtMs = performance.now();
    });
    text.catch(() => {
      text = undefined;
    });
    return text;
  };
}
