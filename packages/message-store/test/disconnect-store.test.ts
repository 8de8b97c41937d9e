import { expect, it } from 'vitest';
import { isWithdrawn } from '../src/disconnect-store.ts';

it('[SEC-6] a token is withdrawn up to the moment of the disconnect, and only where that was asked for', () => {
  expect(isWithdrawn(5_000, { position: 1, tokensRefusedUpTo: 5_000 })).toBe(true);
  expect(isWithdrawn(5_000, { position: 1, tokensRefusedUpTo: 4_999 })).toBe(false);
  expect(isWithdrawn(5_000, { position: 1, tokensRefusedUpTo: undefined })).toBe(false);
  expect(isWithdrawn(5_000, undefined)).toBe(false);
});
