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
    ['11111111222222223333333344444444', 'repeats'],
  ])('[TOK-3] %j is refused: it %s', (secret, reason) => {
    expect(secretWeakness(secret)).toContain(reason);
  });
});
