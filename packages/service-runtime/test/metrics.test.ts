import { expect, it } from 'vitest';
import { Counter, createMetricsRegistry } from '../src/index.ts';

it("[OPS-3] a registry speaks Prometheus, with the process's own figures and the service on each", async () => {
  const registry = createMetricsRegistry('api-server');
  new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc();
  const text = await registry.metrics();
  expect(text).toContain('things_total{service="api-server"} 1');
  expect(text).toContain('process_resident_memory_bytes{service="api-server"}');
  expect(registry.contentType).toContain('text/plain');
});

it('two registries of one process stay apart', () => {
  expect(createMetricsRegistry('a')).not.toBe(createMetricsRegistry('b'));
});
