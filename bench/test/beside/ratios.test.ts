import { expect, it } from 'vitest';
import { middleHalf, ratiosOf } from '../../beside/ratios.ts';
import type { SliceCost } from '../../beside/side.ts';

const cost = (api: number, redis: number, arrivalMs = 1): SliceCost => ({
  all: api + redis,
  byRole: new Map([
    ['api-server', api],
    ['redis', redis],
  ]),
  messagesPerSecond: 1,
  arrivalMs: Float64Array.of(arrivalMs, arrivalMs, 100),
});

it('compares slices with those of the same round', () => {
  const ratios = ratiosOf([cost(9, 1, 3), cost(30, 10, 4)], [cost(10, 10, 2), cost(10, 10, 8)]);
  expect(ratios).toEqual([
    { name: 'all servers', percentages: [50, 200] },
    { name: '  api-server', percentages: [90, 300] },
    { name: '  redis', percentages: [10, 100] },
    { name: 'send to arrival p50', percentages: [150, 50] },
  ]);
});

it('leaves out a round in which nothing was accepted', () => {
  const [all] = ratiosOf([cost(1, 1), cost(NaN, NaN)], [cost(1, 3), cost(1, 1)]);
  expect(all?.percentages).toEqual([50]);
});

it('leaves out a server that works in few rounds only', () => {
  const others = [cost(1, 0), cost(1, 0), cost(1, 1)];
  const ratios = ratiosOf([cost(1, 1), cost(1, 1), cost(1, 1)], others);
  expect(ratios.map(({ name }) => name)).toEqual(['all servers', '  api-server', 'send to arrival p50']);
});

it('summarises rounds by their median and middle half', () => {
  const percentages = [400, 100, 200, 300, 1];
  expect(middleHalf({ name: 'all servers', percentages })).toEqual({
    ...{ name: 'all servers', unit: '%', median: 200, lowest: 100, highest: 300 },
  });
});
