import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TokenExpiry } from '../../src/identifying/token-expiry.ts';

const NOW = Date.parse('2026-11-25T12:00:00.250Z');
const second = (count: number) => Math.floor(NOW / 1_000) * 1_000 + count * 1_000;

describe('TokenExpiry', () => {
  let expiry: TokenExpiry<string>;
  let expired: string[];

  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    expired = [];
    expiry = new TokenExpiry((member) => expired.push(`${member} ${new Date().toISOString().slice(17, 23)}`));
  });

  afterEach(() => {
    expiry.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('[TOK-8] each is called at its second, not before, and once', () => {
    expiry.set('one', second(1));
    expiry.set('three', second(3));
    expiry.set('another', second(3));
    vi.advanceTimersByTime(749);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(10_000);
    expect(expired).toEqual(['one 01.000', 'three 03.000', 'another 03.000']);
    expect(expiry.size).toBe(0);
  });

  it('[TOK-8] the newest time counts, be it later or sooner', () => {
    expiry.set('later', second(1));
    expiry.set('later', second(5));
    expiry.set('sooner', second(5));
    expiry.set('sooner', second(2));
    vi.advanceTimersByTime(10_000);
    expect(expired).toEqual(['sooner 02.000', 'later 05.000']);
  });

  it('keeps nothing of who was removed', () => {
    expiry.set('gone', second(2));
    expiry.remove('gone');
    expiry.remove('never there');
    vi.advanceTimersByTime(10_000);
    expect([expired, expiry.size]).toEqual([[], 0]);
  });

  it('[TOK-8] a time that is over, and seconds that were missed or skipped by the clock, are made up for', () => {
    expiry.set('over', second(-5));
    expiry.set('skipped', second(3_000));
    vi.setSystemTime(NOW + 3_600_000);
    vi.advanceTimersByTime(1_000);
    expect(expired).toHaveLength(2);
  });

  it('[TOK-8] one timer serves ten thousand', () => {
    for (let count = 0; count < 10_000; count += 1) expiry.set(`member-${count}`, second(count % 100));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100_000);
    expect(expired).toHaveLength(10_000);
  });
});
