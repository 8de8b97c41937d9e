import { expect, it } from 'vitest';
import { Counts } from '../../src/index.ts';

it('a key is there while its count is not 0', () => {
  const counts = new Counts<string>();
  expect(counts.get('a')).toBe(0);
  expect([counts.add('a'), counts.add('a', 4), counts.add('b')]).toEqual([1, 5, 1]);
  expect([...counts]).toEqual([
    ['a', 5],
    ['b', 1],
  ]);
  expect([counts.subtract('a'), counts.subtract('b'), counts.size]).toEqual([4, 0, 1]);
  expect([counts.subtract('a', 10), counts.subtract('c'), counts.size]).toEqual([0, 0, 0]);
});
