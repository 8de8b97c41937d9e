import { expect, it } from 'vitest';
import { lostReplies } from '../src/scenarios/lost-replies.ts';
import { mixedFaults } from '../src/scenarios/mixed-faults.ts';
import { sdkCuts } from '../src/scenarios/sdk-cuts.ts';
import { useScenarios } from './support/use-scenarios.ts';

const FAULTS = 12;
const SCENARIO_MS = 120_000;

const passes = useScenarios();

it(
  '[REL-1] [REL-2] [REL-3] [REL-4] [REL-16] [SQL-1] [ACK-4] any fault at any place: what was acknowledged arrives once, in order, at its readers and members',
  async () => {
    const result = await passes('mixed-faults', (settings) => mixedFaults({ ...settings, faults: FAULTS }));
    expect(result.faults).toBe(FAULTS);
    expect(result.acked).toBeGreaterThan(100); // thousands, where nobody else is at work on the machine
    expect(Number(result.figures['transactions committed'])).toBeGreaterThan(10);
    expect(Number(result.figures['transactions rolled back'])).toBeGreaterThan(0);
    expect(Number(result.figures['resumed from a last ack'])).toBeGreaterThan(0);
    expect(Number(result.figures['joins'])).toBeGreaterThan(10);
    expect(Number(result.figures['leaves'])).toBeGreaterThan(0);
  },
  SCENARIO_MS,
);

it('[REL-2] a send whose answer was lost is in the log once, by whichever API it is retried', async () => {
  const result = await passes('lost-replies', (settings) => lostReplies({ ...settings, retriedSends: 200 }));
  expect(result.replayed).toBeGreaterThan(100);
});

it('[REL-13] the client library: its relay is cut off, slow or frozen, applications crash, and nothing is lost, repeated or out of order', async () => {
  const result = await passes('sdk-cuts', (settings) => sdkCuts({ ...settings, cuts: 50 }));
  expect(result.faults).toBe(50);
});
