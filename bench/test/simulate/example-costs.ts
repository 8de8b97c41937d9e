import { UNIT_COST_MEANINGS, type UnitCosts } from '../../simulate/unit-costs.ts';

/** Nothing costs anything but what a test says: its sums can be done in the head. */
export function costsOf(costs: Partial<UnitCosts>): UnitCosts {
  const none = Object.fromEntries(Object.keys(UNIT_COST_MEANINGS).map((name) => [name, 0]));
  return { ...none, ...costs } as UnitCosts;
}
