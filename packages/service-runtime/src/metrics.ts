import cluster from 'node:cluster';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { WorkerRegistry } from './cluster-metrics.ts';

/** The kinds of figure that services make; from here, so that one version of the library serves one registry. */
export { Counter, Gauge, Histogram } from 'prom-client';

export type MetricsRegistry = Registry;

/** A registry with the process's own figures. Labels never carry ids: their number must stay small. */
export function createMetricsRegistry(service: string): MetricsRegistry {
  const registry = cluster.isWorker ? new WorkerRegistry() : new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}
