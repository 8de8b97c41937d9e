import { expect, it } from 'vitest';
import { partsOf } from '../../src/structures/parts-of.ts';

it('divides a list into parts of a length, the last one of the rest', () => {
  expect([...partsOf([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]]);
  expect([...partsOf([1, 2], 2)]).toEqual([[1, 2]]);
  expect([...partsOf([], 2)]).toEqual([]);
});
