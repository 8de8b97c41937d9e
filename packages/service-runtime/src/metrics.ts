import { collectDefaultMetrics, Registry } from 'prom-client';

export type MetricsRegistry = Registry;

/** A registry with the process's own figures. Labels never carry ids: their number must stay small. */
export function createMetricsRegistry(service: string): MetricsRegistry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}
