import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  IN_LIST_MAX,
  keptTexts,
  padInList,
  roundUpRowCount,
  rowPlaceholders,
  ROWS_PER_STATEMENT_MAX,
  splitRowCount,
} from '../../../src/mysql/sessions/statement-shape.ts';

it('a batch of any size uses few statement texts', () => {
  const inserts = new Set<number>();
  const counters = new Set<number>();
  const lists = new Set<number>();
  for (let count = 1; count <= ROWS_PER_STATEMENT_MAX; count += 1) {
    for (const part of splitRowCount(count)) inserts.add(part);
    counters.add(roundUpRowCount(count));
  }
  for (let count = 1; count <= IN_LIST_MAX; count += 1) {
    lists.add(padInList(Array.from({ length: count }, () => 'x')).length);
  }
  expect(2 * inserts.size + counters.size + 4 * lists.size).toBeLessThan(512);
});

it('splits a count into at most two parts that make it up', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: ROWS_PER_STATEMENT_MAX }), (count) => {
      const parts = splitRowCount(count);
      expect(parts.length).toBeLessThanOrEqual(2);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(count);
      expect(roundUpRowCount(count)).toBeGreaterThanOrEqual(count);
    }),
  );
});

it('fills a list by repeating its last value', () => {
  expect(padInList([])).toEqual([]);
  expect(padInList(['a'])).toEqual(['a']);
  expect(padInList(['a', 'b', 'c'])).toEqual(['a', 'b', 'c', 'c']);
});

it('makes each text once', () => {
  let made = 0;
  const textFor = keptTexts((rowCount) => {
    made += 1;
    return rowPlaceholders(rowCount, 1);
  });
  expect([textFor(2), textFor(1), textFor(2)]).toEqual(['(?),(?)', '(?)', '(?),(?)']);
  expect(made).toBe(2);
});

it('writes placeholders for rows', () => {
  expect(rowPlaceholders(2, 3)).toBe('(?,?,?),(?,?,?)');
});
