import { expect, it } from 'vitest';
import { durationWords, localTime } from '../../src/page/time-words.ts';

const NOON = new Date(2026, 10, 23, 12, 0, 0);

it('shows the time alone today, and the day with it on other days', () => {
  expect(localTime(new Date(2026, 10, 23, 9, 5, 7).toISOString(), NOON, 'en-GB')).toBe('09:05:07');
  expect(localTime(new Date(2026, 10, 22, 9, 5, 7).toISOString(), NOON, 'en-GB')).toBe('22 Nov, 09:05:07');
});

it('shows an invalid time unchanged', () => {
  expect(localTime('soon', NOON)).toBe('soon');
});

it('shows tenths of short and seconds of long durations', () => {
  expect([0.04, 6.31, 9.99, 10.4, 128.6, 9_999, 12_540].map(durationWords)).toEqual([
    '0.0 ms',
    '6.3 ms',
    '10.0 ms',
    '10 ms',
    '129 ms',
    '9999 ms',
    '12.5 s',
  ]);
});
