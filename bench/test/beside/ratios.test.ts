import { expect, it } from 'vitest';
import { middleHalf, ratiosOf } from '../../beside/ratios.ts';
import type { SliceCost } from '../../beside/side.ts';

const cost = (api: number, redis: number): SliceCost => ({
  all: api + redis,
  byRole: new Map([
    ['api-server', api],
    ['redis', redis],
  ]),
  messagesPerSecond: 1,
});

it('compares slices with those of the same pair', () => {
  const ratios = ratiosOf([cost(9, 1), cost(30, 10)], [cost(10, 10), cost(10, 10)]);
  expect(ratios).toEqual([
    { name: 'all servers', percentages: [50, 200] },
    { name: '  api-server', percentages: [90, 300] },
    { name: '  redis', percentages: [10, 100] },
  ]);
});

it('leaves out a pair in which nothing was accepted', () => {
  const [all] = ratiosOf([cost(1, 1), cost(NaN, NaN)], [cost(1, 3), cost(1, 1)]);
  expect(all?.percentages).toEqual([50]);
});

it('summarises pairs by their median and middle half', () => {
  const percentages = [400, 100, 200, 300, 1];
  expect(middleHalf({ name: 'all servers', percentages })).toEqual({
    ...{ name: 'all servers', unit: '%', median: 200, lowest: 100, highest: 300 },
  });
});
