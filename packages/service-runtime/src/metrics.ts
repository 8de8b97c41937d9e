import cluster from 'node:cluster';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import { WorkerRegistry } from './cluster-metrics.ts';
import { tellDelayAlone } from './event-loop-delay.ts';
import { logLinesLost } from './standard-streams.ts';

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
