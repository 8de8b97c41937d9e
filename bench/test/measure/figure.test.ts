import { expect, it } from 'vitest';
import { summarise } from '../../measure/figure.ts';

it('gives median and range of each figure, in the order of the first run', () => {
  const run = (speed: number, cost: number) => [
    { name: 'speed', unit: 'per s', value: speed },
    { name: 'cost', unit: 'ms', value: cost },
  ];
  expect(summarise([run(10, 3), run(30, 1), run(20, 2)])).toEqual([
    { name: 'speed', unit: 'per s', median: 20, lowest: 10, highest: 30 },
    { name: 'cost', unit: 'ms', median: 2, lowest: 1, highest: 3 },
  ]);
  expect(summarise([])).toEqual([]);
});
