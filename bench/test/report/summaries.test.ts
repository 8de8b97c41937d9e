import { describe, expect, it } from 'vitest';
import { summariseOutcomes, type VariantOutcome } from '../../report/summaries.ts';

const WORKLOAD = { systems: ['postline', 'bare parts'], compared: ['speed'] } as const;

function outcome(runNumber: number, system: VariantOutcome['system'], node: string, speed: number) {
  return {
    runNumber,
    system,
    node,
    figures: [{ name: 'speed', unit: 'per s', value: speed }],
    faults: [],
    profiles: [],
  };
}

describe('summariseOutcomes', () => {
  const outcomes = [
    outcome(1, 'postline', 'v20.1.0', 50),
    outcome(1, 'bare parts', 'v20.1.0', 100),
    outcome(1, 'postline', 'v26.1.0', 60),
    outcome(1, 'bare parts', 'v26.1.0', 80),
  ];

  it('has a table for each system on each Node version, and says both', () => {
    const tables = summariseOutcomes(WORKLOAD, outcomes).slice(0, 4);
    expect(tables.map(({ title }) => title)).toEqual([
      'postline, Node v20.1.0',
      'bare parts, Node v20.1.0',
      'postline, Node v26.1.0',
      'bare parts, Node v26.1.0',
    ]);
    expect(tables.map(({ figures }) => figures[0]?.median)).toEqual([50, 100, 60, 80]);
    expect(tables[2]).toMatchObject({ system: 'postline', node: 'v26.1.0' });
  });

  it('compares the first system with the others on its version, and with itself on other versions', () => {
    const shares = summariseOutcomes(WORKLOAD, outcomes).slice(4);
    expect(
      shares.map(({ title, figures }) => [title, figures.map(({ name, median }) => [name, median])]),
    ).toEqual([
      [
        'postline, Node v20.1.0 as a share of the others, run by run',
        [
          ["speed, of bare parts's", 50],
          ["speed, of Node v26.1.0's", (100 * 50) / 60],
        ],
      ],
      [
        'postline, Node v26.1.0 as a share of the others, run by run',
        [
          ["speed, of Node v20.1.0's", 120],
          ["speed, of bare parts's", 75],
        ],
      ],
    ]);
  });

  it('leaves out a run with a fault, and what was compared with it', () => {
    const faulty = { ...outcome(2, 'bare parts', 'v20.1.0', 1), faults: ['a message was lost'] };
    const more = [...outcomes.slice(0, 2), outcome(2, 'postline', 'v20.1.0', 70), faulty];
    const [ours, theirs, shares] = summariseOutcomes(WORKLOAD, more);
    expect(ours?.figures[0]).toMatchObject({ lowest: 50, highest: 70 });
    expect(theirs?.figures[0]).toMatchObject({ lowest: 100, highest: 100 });
    expect(shares?.figures).toMatchObject([{ lowest: 50, highest: 50 }]);
  });

  it('compares nothing where one system ran on one version', () => {
    expect(summariseOutcomes(WORKLOAD, outcomes.slice(0, 1))).toHaveLength(1);
  });
});
