import { createMetricsRegistry } from '@postline/service-runtime';
import { expect, it } from 'vitest';
import { createTally } from '../../src/metrics/tally.ts';

it('[OPS-3] counts appear under their labels, however often they are collected', async () => {
  const registry = createMetricsRegistry('test');
  const tally = createTally(registry, {
    name: 'postline_things_total',
    help: 'Things.',
    labelNames: ['kind', 'size'],
  });
  tally.add(1, 'apple', 'small');
  tally.add(2, 'apple', 'small');
  tally.add(1, 'pear', 'large');
  await registry.metrics();
  tally.add(4, 'apple', 'small');
  for (let time = 0; time < 2; time += 1) {
    const text = await registry.metrics();
    expect(text).toMatch(/^postline_things_total\{kind="apple",size="small",service="test"\} 7$/m);
    expect(text).toMatch(/^postline_things_total\{kind="pear",size="large",service="test"\} 1$/m);
  }
});
