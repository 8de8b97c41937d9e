import { expect, it } from 'vitest';
import { Backoff } from '../../src/index.ts';

it('the bound of a pause doubles with each failure, up to the maximum, and starts anew', () => {
  const backoff = new Backoff({ firstMs: 50, maxMs: 300, random: () => 1 });
  const next = (count: number) => Array.from({ length: count }, () => backoff.nextMs());
  expect(next(5)).toEqual([50, 100, 200, 300, 300]);
  for (let failure = 0; failure < 2_000; failure += 1) expect(backoff.nextMs()).toBe(300);
  backoff.reset();
  expect(next(2)).toEqual([50, 100]);
});

it('without anything else any pause up to the bound is taken', () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 100 });
  const pauses = Array.from({ length: 200 }, () => backoff.nextMs());
  expect(Math.min(...pauses)).toBeLessThan(25);
  expect(Math.max(...pauses)).toBeGreaterThan(75);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(100);
});
