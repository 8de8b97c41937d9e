import { expect, it } from 'vitest';
import {
  bytesWords,
  clockWords,
  delayWords,
  preciseClockWords,
  rateWords,
  spanWords,
} from '../../src/operations/figure-words.ts';

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1 s'],
  [200_000, '3 min 20 s'],
  [3_600_000, '1 h'],
  [3_605_000, '1 h'],
  [187_200_000, '2 d 4 h'],
])('%i ms lasts %s', (milliseconds, words) => {
  expect(spanWords(milliseconds)).toBe(words);
});

it.each([
  [0.42, '0.4 ms'],
  [12.4, '12 ms'],
  [1_000, '1 s'],
  [2_500, '2.5 s'],
  [60_000, '60 s'],
])('a delay of %f ms is %s', (milliseconds, words) => {
  expect(delayWords(milliseconds)).toBe(words);
});

it('shows rates and bytes with as many digits as they have meaning', () => {
  expect([0, 0.04, 3.25, 1_240.4].map(rateWords)).toEqual(['0', '0.0', '3.3', '1,240']);
  expect([0, 1_023, 1_536, 300 * 1_024, 2 ** 31].map(bytesWords)).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '300 KiB',
    '2.0 GiB',
  ]);
});

it('shows the day of a time only if it is another one', () => {
  const noon = new Date(2026, 10, 23, 12, 3, 4, 5).getTime();
  expect(clockWords(noon, noon)).toBe('12:03:04');
  expect(preciseClockWords(noon, noon)).toBe('12:03:04.005');
  expect(clockWords(noon, noon + 86_400_000)).toBe('Nov 23, 12:03:04');
});
