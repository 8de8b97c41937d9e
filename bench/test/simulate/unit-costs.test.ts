import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseUnitCosts, UNIT_COST_MEANINGS } from '../../simulate/unit-costs.ts';

const FILE = readFileSync(new URL('../../simulate/unit-costs.json', import.meta.url), 'utf8');

it('the file of measured costs has everything that the model needs, and where it is from', () => {
  const { measured, costs } = parseUnitCosts(FILE);
  expect(Object.keys(costs)).toEqual(Object.keys(UNIT_COST_MEANINGS));
  expect(measured.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  expect(measured.commit).toMatch(/^[0-9a-f]{7,40}$/);
  expect(measured.command).toContain('npm run bench -- unit-costs');
  expect(measured.machine).toContain('Node v');
});

it('names everything that is missing, no number, or not known', () => {
  const { measured, costs } = parseUnitCosts(FILE);
  const { apiMessageUs, ...others } = costs;
  const broken = {
    measured: { ...measured, commit: '' },
    costs: { ...others, commitMs: -apiMessageUs, x: 1 },
  };
  expect(() => parseUnitCosts(JSON.stringify(broken))).toThrow(
    'measured.commit, costs.apiMessageUs, costs.commitMs, costs.x (not known)',
  );
  expect(() => parseUnitCosts('{}')).toThrow('measured.date');
});
