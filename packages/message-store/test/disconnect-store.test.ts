import { expect, it } from 'vitest';
import { isTokenRevoked } from '../src/disconnect-store.ts';

it('[SEC-6] a token is revoked up to the moment of the disconnect, and only where that was asked for', () => {
  expect(isTokenRevoked(5_000, { position: 1, tokensRefusedUpTo: 5_000 })).toBe(true);
  expect(isTokenRevoked(5_000, { position: 1, tokensRefusedUpTo: 4_999 })).toBe(false);
  expect(isTokenRevoked(5_000, { position: 1, tokensRefusedUpTo: undefined })).toBe(false);
  expect(isTokenRevoked(5_000, undefined)).toBe(false);
});
