import { expect, it } from 'vitest';
import {
  createDistribution,
  createMetricsRegistry,
  Distribution,
  showDistributions,
} from '../../src/index.ts';

it('[MET-1] counts values in the buckets whose bound they do not exceed', () => {
  const sizes = new Distribution([1, 10, 100]);
  for (const value of [0, 1, 1.5, 10, 11, 1_000]) sizes.add(value);
  sizes.add(5, 4);
  expect(sizes.cumulativeCounts()).toEqual([2, 8, 9]);
  expect(sizes.count).toBe(10);
  expect(sizes.sum).toBe(0 + 1 + 1.5 + 10 + 11 + 1_000 + 4 * 5);
});

it('[MET-1] is shown as a histogram, empty ones too', async () => {
  const registry = createMetricsRegistry('test');
  createDistribution(registry, { name: 'postline_size_bytes', help: 'Sizes.', bounds: [1, 10] }).add(5, 2);
  expect(await registry.getSingleMetricAsString('postline_size_bytes')).toBe(
    [
      '# HELP postline_size_bytes Sizes.',
      '# TYPE postline_size_bytes histogram',
      'postline_size_bytes_bucket{le="1",service="test"} 0',
      'postline_size_bytes_bucket{le="10",service="test"} 2',
      'postline_size_bytes_bucket{le="+Inf",service="test"} 2',
      'postline_size_bytes_sum{service="test"} 10',
      'postline_size_bytes_count{service="test"} 2',
    ].join('\n'),
  );
});

it('[MET-1] several with labels are one histogram', async () => {
  const registry = createMetricsRegistry('test');
  const [red, blue] = [new Distribution([1]), new Distribution([1])];
  showDistributions(registry, {
    name: 'postline_things',
    help: 'Things.',
    read: () => [
      [{ colour: 'red' }, red],
      [{ colour: 'blue' }, blue],
    ],
  });
  blue.add(3);
  const text = await registry.getSingleMetricAsString('postline_things');
  expect(text).toContain('postline_things_bucket{colour="red",le="+Inf",service="test"} 0');
  expect(text).toContain('postline_things_bucket{colour="blue",le="+Inf",service="test"} 1');
  expect(text).toContain('postline_things_sum{colour="blue",service="test"} 3');
});
