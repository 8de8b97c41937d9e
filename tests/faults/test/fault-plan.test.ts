import { describe, expect, it } from 'vitest';
import type { FaultKind } from '../src/faults/fault-kind.ts';
import { describePlan, planFaults } from '../src/faults/fault-plan.ts';
import { linkFaults } from '../src/faults/link-faults.ts';
import { processFaults } from '../src/faults/process-faults.ts';
import { createRandom } from '../src/random.ts';

const KINDS: readonly FaultKind[] = [...processFaults('target-1'), ...linkFaults()];

function plan(seed: number, faults: number) {
  return planFaults({ kinds: KINDS, random: createRandom(seed), faults, everyMs: [300, 2_500] });
}

describe('planFaults', () => {
  it('gives the same plan for the same seed, and another for another', () => {
    expect(describePlan(plan(7, 100))).toEqual(describePlan(plan(7, 100)));
    expect(describePlan(plan(7, 100))).not.toEqual(describePlan(plan(8, 100)));
  });

  it('deals every kind once before any comes twice', () => {
    const kinds = plan(1, KINDS.length).map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(KINDS.length);
    expect(KINDS.length).toBeGreaterThanOrEqual(40);
  });

  it('never breaks a place that is broken already, and at most two at once', () => {
    const faults = plan(3, 500);
    for (const fault of faults) {
      const lasting = faults.filter(
        (other) => other !== fault && other.atMs <= fault.atMs && other.atMs + other.lastsMs > fault.atMs,
      );
      expect(lasting.length).toBeLessThan(2);
      expect(lasting.map(({ kind }) => kind.place)).not.toContain(fault.kind.place);
    }
  });

  it('ends within the time it is given', () => {
    const faults = planFaults({
      kinds: KINDS,
      random: createRandom(5),
      milliseconds: 60_000,
      everyMs: [300, 2_500],
    });
    expect(faults.length).toBeGreaterThan(15);
    expect(Math.max(...faults.map(({ atMs, lastsMs }) => atMs + lastsMs))).toBeLessThanOrEqual(60_000);
  });
});
