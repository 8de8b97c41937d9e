import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { scalingTable } from '../../simulate/scaling-table.ts';
import { parseUnitCosts } from '../../simulate/unit-costs.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

it('the table of docs/scaling.md is that of the measured costs (npm run simulate -- --table)', () => {
  const { costs } = parseUnitCosts(read('bench/simulate/unit-costs.json'));
  expect(read('docs/scaling.md')).toContain(scalingTable(costs));
});
