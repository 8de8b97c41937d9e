import cluster from 'node:cluster';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { WorkerRegistry } from './cluster-metrics.ts';
import { showEventLoopDelay, subtractSampleInterval } from './event-loop-delay.ts';
import { logLinesLost } from '../logging/standard-streams.ts';
import { VERSION } from '../version.ts';

/** Exported from here, so that all services use one version of the library with one registry. */
export { Counter, Gauge } from 'prom-client';

export type MetricsRegistry = Registry;

/** Sampling interval of the event loop delay: every sample wakes an idle process. */
const EVENT_LOOP_SAMPLE_MS = 100;

/** Sums that the library adds to its gauges, under names that Prometheus keeps for counters. */
const MISNAMED = ['handles', 'requests', 'resources'].map((kind) => `nodejs_active_${kind}_total`);

/** A registry with the metrics of the process itself. Labels never carry ids: the number of series must stay small. */
export function createMetricsRegistry(service: string): MetricsRegistry {
  const registry = cluster.isWorker ? new WorkerRegistry() : new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  subtractSampleInterval(registry, EVENT_LOOP_SAMPLE_MS);
  showEventLoopDelay(registry, EVENT_LOOP_SAMPLE_MS);
  const buildInfo = new Gauge({
    name: 'postline_build_info',
    help: 'Always 1; the label is the version of Postline.',
    labelNames: ['version'],
    aggregator: 'first',
    registers: [registry],
  });
  buildInfo.set({ version: VERSION }, 1);
  new Counter({
    name: 'postline_log_lines_lost_total',
    help: 'Log lines lost because their destination did not accept them.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(logLinesLost());
    },
  });
  return registry;
}

/** However many scrape, the metrics are collected once a second at most. */
const METRICS_AGE_MAX_MS = 1_000;

/** Returns a function for the text of a registry, which is at most a second old. Concurrent callers share one text. */
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
