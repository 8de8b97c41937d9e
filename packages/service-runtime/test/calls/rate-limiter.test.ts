import { describe, expect, it } from 'vitest';
import { type RateLimiterOptions } from '../../src/calls/rate-limiter.ts';
import { RateLimiter } from '../../src/index.ts';

function limiterAt(options: Omit<RateLimiterOptions, 'now'>) {
  let nowMs = 1_000_000;
  const limiter = new RateLimiter({ ...options, now: () => nowMs });
  const pass = (milliseconds: number) => {
    nowMs += milliseconds;
  };
  const takeAll = (key: string) => {
    let taken = 0;
    while (limiter.take(key) === 0) taken += 1;
    return taken;
  };
  return { limiter, pass, takeAll };
}

describe('a rate limiter', () => {
  it("[SEC-7] lets a second's worth go at once, then as much as the rate", () => {
    for (const perSecond of [1, 3, 7, 10, 1_000]) {
      const { pass, takeAll } = limiterAt({ perSecond });
      expect(takeAll('a')).toBe(perSecond);
      pass(500);
      expect(takeAll('a')).toBe(Math.floor(perSecond / 2));
      pass(60_000);
      expect(takeAll('a')).toBe(perSecond);
    }
  });

  it('[SEC-7] tells how long to wait, and after so long lets go', () => {
    const { limiter, pass, takeAll } = limiterAt({ perSecond: 4 });
    expect(limiter.waitMs('a')).toBe(0);
    takeAll('a');
    const waitMs = limiter.take('a');
    expect([waitMs, limiter.waitMs('a')]).toEqual([250, 250]);
    pass(waitMs - 1);
    expect(limiter.take('a')).toBeGreaterThan(0);
    pass(1);
    expect(limiter.waitMs('a')).toBe(0);
    expect(limiter.take('a')).toBe(0);
  });

  it('[SEC-7] counts each key by itself', () => {
    const { takeAll } = limiterAt({ perSecond: 5 });
    expect([takeAll('a'), takeAll('b'), takeAll('__proto__'), takeAll('a')]).toEqual([5, 5, 5, 0]);
  });

  it('[SEC-7] charges what costs more than a burst, and then the debt is paid off first', () => {
    const { limiter, pass } = limiterAt({ perSecond: 10 });
    limiter.charge('a', 1_000);
    const waitMs = limiter.take('a');
    expect(waitMs).toBe(99_100);
    pass(waitMs);
    expect(limiter.take('a')).toBe(0);
  });

  it('[SEC-7] remembers a bounded number of keys, and forgets first those that owe nothing', () => {
    const { limiter, pass, takeAll } = limiterAt({ perSecond: 1, burstSeconds: 10, keysMax: 100 });
    takeAll('busy');
    for (let index = 0; index < 50; index += 1) limiter.take(`early-${index}`);
    pass(2_000);
    for (let index = 0; index < 99; index += 1) limiter.take(`late-${index}`);
    expect(limiter.size).toBeLessThanOrEqual(100);
    expect(takeAll('busy')).toBe(2);
    for (let index = 0; index < 10_000; index += 1) limiter.take(`flood-${index}`);
    expect(limiter.size).toBe(100);
  });
});
