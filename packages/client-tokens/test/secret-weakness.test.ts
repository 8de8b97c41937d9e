import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { secretWeakness } from '../src/secret-weakness.ts';

describe('secretWeakness', () => {
  it.each(['hex', 'base64', 'base64url'] as const)(
    '[TOK-3] 32 random bytes are strong, written as %s',
    (encoding) => {
      for (let run = 0; run < 500; run += 1) {
        expect(secretWeakness(randomBytes(32).toString(encoding))).toBeUndefined();
      }
    },
  );

  it.each([
    ['', 'bytes'],
    ['x8#kP2!mQ9@vL4$nR7%tW1^yB5&zC3*', 'bytes'],
    ['a'.repeat(64), 'repeats'],
    ['ab'.repeat(32), 'repeats'],
    ['Xk29#qPz'.repeat(4), 'repeats'],
    ['Xk29#qPzLm41!wRt'.repeat(2), 'repeats'],
    [`${'Xk29#qPzLm4'.repeat(3)}Xk2`, 'repeats'],
    ['11111111222222223333333344444444', 'repeats'],
    ['abcdefghijklmnopqrstuvwxyz0123456789', 'follow'],
    ['zyxwvutsrqponmlkjihgfedcba9876543210', 'follow'],
    ['your-256-bit-secret-your-256-bit-secret!', 'well-known'],
    ['this-is-my-very-secret-jwt-signing-key', 'well-known'],
    ['please-change-me-to-a-long-random-string', 'well-known'],
    ['CorrectHorseBatteryStaple-Password-123456', 'well-known'],
    ['postline-client-token-secret-for-production', 'well-known'],
    ['the quick brown fox jumps over the lazy dog', 'well-known'],
  ])('[TOK-3] %j is refused: it %s', (secret, reason) => {
    expect(secretWeakness(secret)).toContain(reason);
  });
});
