import { describe, expect, it } from 'vitest';
import { failuresAfter, retryDelayMs, silenceMsMax } from '../src/retry-policy.ts';

const ALMOST_ONE = 1 - Number.EPSILON;
const WIDTHS = { firstRetryMsMax: 1_000, retryMsMax: 20_000 };

describe('retryDelayMs', () => {
  it('[SDK-4] has full jitter from the first retry on: between nothing and a second', () => {
    expect([0, 0.5, ALMOST_ONE].map((chance) => retryDelayMs(1, WIDTHS, () => chance))).toEqual([
      0, 500, 1_000,
    ]);
  });

  it('[SDK-4] doubles its width with each failure, up to a bound', () => {
    const widths = [2, 3, 4, 5, 6, 7, 5_000].map((failures) =>
      retryDelayMs(failures, WIDTHS, () => ALMOST_ONE),
    );
    expect(widths).toEqual([2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000]);
  });
});

describe('failuresAfter', () => {
  it('[SDK-4] counts failures while connections break early, and starts anew after a healthy one', () => {
    expect(failuresAfter({ closeCode: undefined, failures: 0, livedMs: 0 })).toBe(1);
    expect(failuresAfter({ closeCode: 1006, failures: 4, livedMs: 9_999 })).toBe(5);
    expect(failuresAfter({ closeCode: 1006, failures: 4, livedMs: 10_000 })).toBe(1);
  });

  it.each([1013, 4029])('[SDK-4] waits longer at once after close code %i', (closeCode) => {
    expect(failuresAfter({ closeCode, failures: 0, livedMs: 60_000 })).toBe(4);
    expect(failuresAfter({ closeCode, failures: 6, livedMs: 0 })).toBe(7);
  });
});

describe('silenceMsMax', () => {
  it('[SDK-5] is more than two heartbeats', () => {
    expect(silenceMsMax(25)).toBe(51_000);
  });
});
