import { expect, it } from 'vitest';
import { parseMetrics, sumOf } from '../../measure/prometheus.ts';

const PAGE = `# HELP hints_total Hints by what became of them
# TYPE hints_total counter
hints_total{outcome="early",service="relay"} 3
hints_total{outcome="old",service="relay"} 4
hints_total_other 50
feeds 1000
lag_seconds 1.5e-3
`;

it('sums the samples of one name, with a label or all', () => {
  const samples = parseMetrics(PAGE);
  expect(sumOf(samples, 'hints_total')).toBe(7);
  expect(sumOf(samples, 'hints_total', 'outcome="early"')).toBe(3);
  expect(sumOf(samples, 'feeds')).toBe(1_000);
  expect(sumOf(samples, 'lag_seconds')).toBe(0.0015);
  expect(sumOf(samples, 'unknown')).toBe(0);
});
