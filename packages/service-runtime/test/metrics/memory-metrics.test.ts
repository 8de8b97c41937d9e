import { expect, it } from 'vitest';
import { createMetricsRegistry, MemoryBudget, showMemory } from '../../src/index.ts';

it('[MET-1] shows what is held, and its bound', async () => {
  const memory = new MemoryBudget({ bytesMax: 1_000 });
  const registry = createMetricsRegistry('test');
  showMemory(registry, memory);
  const holding = memory.share().open();
  holding.grow(300);
  const text = await registry.metrics();
  expect(text).toContain('postline_held_bytes{service="test"} 300');
  expect(text).toContain('postline_held_limit_bytes{service="test"} 1000');
});
