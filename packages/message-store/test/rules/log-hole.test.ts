import { expect, it } from 'vitest';
import { holeBefore } from '../../src/index.ts';

const WHOLE = { head: 9, hasMore: false };
const PART = { head: 9, hasMore: true };

it.each([
  ['the next row', { offset: 5 }, WHOLE, undefined],
  ['a later row', { offset: 8 }, PART, { from: 5, to: 7 }],
  ['no row up to the head', undefined, WHOLE, { from: 5, to: 9 }],
  ['no row, but more to read', undefined, PART, undefined],
  ['no row, at the head', undefined, { head: 4, hasMore: false }, undefined],
  ['no row, from a server that is behind', undefined, { head: 2, hasMore: false }, undefined],
])('[RET-4] at cursor 4: %s', (_, row, slice, hole) => {
  expect(holeBefore(row, slice, 4)).toEqual(hole);
});
