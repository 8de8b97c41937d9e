import { expect, it } from 'vitest';
import { type RunningTotals, Sampler } from '../../src/operations/sampler.ts';

it('[OPP-2] a sample has what was counted since the one before', () => {
  const totals: RunningTotals = {
    connections: 3,
    messagesSent: 10,
    gapsRepaired: 0,
    comparisons: 1,
    comparisonsFailed: 0,
    hintDelays: [10, 0],
    logDelays: [0, 0],
  };
  let now = totals;
  const sampler = new Sampler(() => now);
  now = { ...totals, connections: 5, messagesSent: 12, hintDelays: [11, 1] };
  sampler.take(10_000);
  sampler.take(11_000);
  const { steps } = sampler.steps(300, 12_000);
  expect(steps.at(-1)).toMatchObject({ connections: 5, messagesSent: 2, comparisons: 0, hintDelays: [1, 1] });
  expect(steps.at(-1)?.logDelays).toEqual([]);
});
