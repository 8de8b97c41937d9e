import { expect, it, vi } from 'vitest';
import { Counter, createMetricsRegistry, createMetricsText } from '../../src/index.ts';

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

it('[OPS-3] however many ask, the text is made once a second; a failure is not kept', async () => {
  vi.useFakeTimers();
  let made = 0;
  const metrics = () => {
    made += 1;
    return made === 1 ? Promise.reject(new Error('away')) : Promise.resolve(`${made}`);
  };
  const text = createMetricsText({ metrics });
  await expect(text()).rejects.toThrow('away');
  expect(await Promise.all(Array.from({ length: 100 }, () => text()))).toEqual(Array(100).fill('2'));
  vi.advanceTimersByTime(900);
  expect(await text()).toBe('2');
  vi.advanceTimersByTime(200);
  expect(await text()).toBe('3');
  vi.useRealTimers();
});
