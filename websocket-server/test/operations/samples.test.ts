import { expect, it } from 'vitest';
import { addCounts, type Sample, Samples } from '../../src/operations/samples.ts';

const sampleOf = (second: number, more: Partial<Sample> = {}): Sample => ({
  second,
  connections: 1,
  messagesSent: 1,
  gapsRepaired: 0,
  comparisons: 0,
  comparisonsFailed: 0,
  hintDelays: [],
  logDelays: [],
  ...more,
});

it('[OPP-2] makes equal steps of seconds, and shows where none was measured', () => {
  const samples = new Samples();
  for (const second of [994, 995, 996, 999])
    samples.add(sampleOf(second, { connections: second, hintDelays: [0, 1], gapsRepaired: 1 }));
  samples.add(sampleOf(1_000)); // of the step that has not ended
  const { fromSecond, stepSeconds, steps } = samples.steps(300, 1_001);
  expect([fromSecond, stepSeconds, steps.length]).toEqual([700, 2, 150]);
  expect(steps.map(({ connections }) => connections).slice(-4)).toEqual([null, 995, 996, 999]);
  expect(steps.at(-3)).toMatchObject({ messagesSent: 2, gapsRepaired: 2, hintDelays: [0, 2] });
  expect(steps.at(-4)).toMatchObject({ messagesSent: 0, hintDelays: [] });
});

it('[OPP-2] keeps an hour, and shows it in 180 steps', () => {
  const samples = new Samples();
  for (let second = 0; second < 5_000; second += 1) samples.add(sampleOf(second));
  const { fromSecond, steps } = samples.steps(3_600, 5_000);
  expect([fromSecond, steps.length]).toEqual([1_400, 180]);
  expect(steps.every(({ messagesSent }) => messagesSent === 20)).toBe(true);
  expect(
    samples
      .steps(3_600, 9_000)
      .steps.slice(-100)
      .every(({ connections }) => connections === null),
  ).toBe(true);
});

it('adds counts of different lengths', () => {
  expect(addCounts([1, 2], [])).toEqual([1, 2]);
  expect(addCounts([1], [1, 2])).toEqual([2, 2]);
});
