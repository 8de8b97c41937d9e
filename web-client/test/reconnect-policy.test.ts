import { describe, expect, it } from 'vitest';
import { failuresAfterClose, mayReconnect, retryDelayMs, silenceLimitMs } from '../src/reconnect-policy.ts';

const ALMOST_ONE = 1 - Number.EPSILON;

describe('mayReconnect', () => {
  it.each([1001, 1005, 1006, 1011, 1012, 1013, 4000, 4001, 4002, 4003, 4008, 4029, 4499])(
    '[PRO-5] %i: reconnect',
    (code) => expect(mayReconnect(code)).toBe(true),
  );
  it.each([1000, 1002, 1003, 1007, 1008, 1009, 4500, 4501, 4503, 4510, 4999])('[PRO-5] %i: do not', (code) =>
    expect(mayReconnect(code)).toBe(false),
  );
});

describe('retryDelayMs', () => {
  it('[PAGE-5] has full jitter from the first retry on: it may be at once, it may be a second', () => {
    expect(retryDelayMs(1, () => 0)).toBe(0);
    expect(retryDelayMs(1, () => 0.5)).toBe(500);
    expect(retryDelayMs(1, () => ALMOST_ONE)).toBe(1_000);
  });

  it('[PAGE-5] doubles its width with each failure, up to a bound that any number of failures keeps', () => {
    const widths = [2, 3, 4, 5, 6, 7, 5_000].map((failures) => retryDelayMs(failures, () => ALMOST_ONE));
    expect(widths).toEqual([2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000]);
  });
});

describe('failuresAfterClose', () => {
  it('[PAGE-5] counts on while connections break early, and afresh after a good one', () => {
    expect(failuresAfterClose({ code: 1006, failures: 0, livedMs: 0 })).toBe(1);
    expect(failuresAfterClose({ code: 1006, failures: 4, livedMs: 9_999 })).toBe(5);
    expect(failuresAfterClose({ code: 1006, failures: 4, livedMs: 10_000 })).toBe(1);
  });

  it.each([1013, 4029])('[PAGE-5] gives a relay that said %i more room at once', (code) => {
    expect(failuresAfterClose({ code, failures: 0, livedMs: 60_000 })).toBe(4);
    expect(failuresAfterClose({ code, failures: 6, livedMs: 0 })).toBe(7);
  });
});

describe('silenceLimitMs', () => {
  it('[PAGE-5] is more than two heartbeats', () => {
    expect(silenceLimitMs(25)).toBe(51_000);
  });
});
