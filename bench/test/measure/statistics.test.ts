import { describe, expect, it } from 'vitest';
import { median, percentile, sort } from '../../measure/statistics.ts';

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);

  it('gives a value that was measured, by the nearest rank', () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile(hundred, 0)).toBe(1);
    expect(percentile([7], 0.99)).toBe(7);
  });

  it('is not a number where nothing was measured', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe('median', () => {
  it('orders by value, not by text', () => {
    expect(median([9, 10, 100])).toBe(10);
    expect(median([100, 9, 10, 11])).toBe(10.5);
    expect(median([3])).toBe(3);
    expect(median([])).toBeNaN();
  });
});

describe('sort', () => {
  it('leaves its argument as it is', () => {
    const values = [3, 1, 2];
    expect([...sort(values)]).toEqual([1, 2, 3]);
    expect(values).toEqual([3, 1, 2]);
  });
});
