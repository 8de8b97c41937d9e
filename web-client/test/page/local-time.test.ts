import { expect, it } from 'vitest';
import { localTime } from '../../src/page/local-time.ts';

const NOON = new Date(2026, 10, 23, 12, 0, 0);

it('shows the time alone today, and the day with it on other days', () => {
  expect(localTime(new Date(2026, 10, 23, 9, 5, 7).toISOString(), NOON, 'en-GB')).toBe('09:05:07');
  expect(localTime(new Date(2026, 10, 22, 9, 5, 7).toISOString(), NOON, 'en-GB')).toBe('22 Nov, 09:05:07');
});

it('shows what is no time as it came', () => {
  expect(localTime('soon', NOON)).toBe('soon');
});
