import { expect, it } from 'vitest';
import { durationWords } from '../../src/page/duration-words.ts';

it('has tenths where they matter, and seconds where they do', () => {
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
