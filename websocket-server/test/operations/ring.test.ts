import { expect, it } from 'vitest';
import { Ring } from '../../src/operations/ring.ts';

it('keeps the last entries, oldest first', () => {
  const ring = new Ring<number>(3);
  expect([[...ring], ring.isFull, ring.oldest]).toEqual([[], false, undefined]);
  ring.push(1);
  ring.push(2);
  expect([[...ring], ring.isFull, ring.oldest]).toEqual([[1, 2], false, 1]);
  for (const entry of [3, 4, 5, 6, 7]) ring.push(entry);
  expect([[...ring], ring.isFull, ring.oldest]).toEqual([[5, 6, 7], true, 5]);
});
