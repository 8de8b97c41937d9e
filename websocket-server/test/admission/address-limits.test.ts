import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AddressLimits } from '../../src/admission/address-limits.ts';

const LIMITS = {
  connectionsPerAddressMax: 3,
  connectionsAwaitingIdentifyPerAddressMax: 2,
  failedAuthenticationsPerMinute: 6,
};

describe('AddressLimits', () => {
  let addresses: AddressLimits;

  beforeEach(() => {
    vi.useFakeTimers();
    addresses = new AddressLimits(LIMITS);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('[LIM-2] an address may have so many connections, and so many that have not identified', () => {
    const first = addresses.enter('a');
    const second = addresses.enter('a');
    expect(addresses.refusal('a')).toBe('too-many-from-this-address');
    expect(addresses.refusal('b')).toBeUndefined();
    addresses.identified(first);
    expect(addresses.refusal('a')).toBeUndefined();
    addresses.identified(addresses.enter('a'));
    addresses.identified(second);
    expect(addresses.refusal('a')).toBe('too-many-from-this-address');
    addresses.leave(first);
    expect(addresses.refusal('a')).toBeUndefined();
  });

  it('[LIM-2] keeps nothing of an address that has no connection', () => {
    const uses = Array.from({ length: 1_000 }, (_, index) => addresses.enter(`address-${index}`));
    expect(addresses.size).toBe(1_000);
    for (const use of uses) {
      addresses.identified(use);
      addresses.leave(use);
    }
    expect(addresses.size).toBe(0);
  });

  it('[LIM-5] after too many bad tokens an address waits, and others do not', () => {
    for (let count = 0; count < 6; count += 1) {
      expect(addresses.refusal('a')).toBeUndefined();
      addresses.noteBadToken('a');
    }
    expect(addresses.refusal('a')).toBe('too-many-bad-tokens');
    expect(addresses.refusal('b')).toBeUndefined();
    vi.advanceTimersByTime(10_001);
    expect(addresses.refusal('a')).toBeUndefined();
  });
});
