import { describe, expect, it } from 'vitest';
import { formatNumber, formatTable } from '../../report/table.ts';

describe('formatNumber', () => {
  it.each([
    [1_234_567.8, '1,234,568'],
    [100, '100'],
    [94.26, '94.3'],
    [1.266, '1.27'],
    [0, '0'],
    [-12.34, '-12.3'],
    [NaN, '-'],
    [Infinity, '-'],
  ])('writes %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

describe('formatTable', () => {
  it('puts numbers below each other', () => {
    const table = formatTable([
      { name: 'accepted', unit: 'per s', median: 9_812, lowest: 9_700, highest: 9_900 },
      { name: 'p50', unit: 'ms', median: 5.1, lowest: 4.9, highest: 5.3 },
    ]);
    expect(table.split('\n')).toEqual([
      '          median           range  unit',
      'accepted   9,812  9,700 to 9,900  per s',
      'p50         5.10    4.90 to 5.30  ms',
    ]);
  });
});
