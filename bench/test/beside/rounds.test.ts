import { expect, it } from 'vitest';
import { orderOf } from '../../beside/rounds.ts';

it('swaps two systems from round to round, and the first of a pair too', () => {
  const orders = [0, 1, 2, 3, 4].map((round) => orderOf(['a', 'b'], round).join(''));
  expect(orders).toEqual(['ab', 'ba', 'ba', 'ab', 'ab']);
});

it.each([2, 3, 4, 5])('gives each of %i systems every place equally often', (count) => {
  const systems = Array.from({ length: count }, (_, index) => index);
  const orders = Array.from({ length: 2 * count }, (_, round) => orderOf(systems, round));
  for (const place of systems) {
    const there = orders.map((order) => order[place]);
    for (const system of systems) expect(there.filter((other) => other === system)).toHaveLength(2);
  }
});
