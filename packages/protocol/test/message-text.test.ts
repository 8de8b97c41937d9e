import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageTextSchema } from '../src/message-text.ts';
import { anyText } from './any-text.ts';

function reasons(value: unknown): string[] {
  const parsed = messageTextSchema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.message);
}

describe('message text', () => {
  it.each([
    ['one character', 'a'],
    ['a space', ' '],
    ['NUL', '\u0000'],
    ['65,535 bytes of one', 'x'.repeat(65_535)],
    ['65,535 bytes of three', '\u20ac'.repeat(21_845)],
    ['65,532 bytes of four', '\u{1F600}'.repeat(16_383)],
    ['a text in NFD, left as it is', 'bo\u0301b'],
    ['markup', '<script>alert(1)</script>'],
  ])('[PRO-2] takes %s', (_what, text) => {
    expect(messageTextSchema.parse(text)).toBe(text);
  });

  it.each([
    ['nothing', undefined, 'is required'],
    ['null', null, 'must be a string'],
    ['a number', 1, 'must be a string'],
    ['an object', {}, 'must be a string'],
    ['an empty text', '', 'must not be empty'],
    ['65,536 bytes of one', 'x'.repeat(65_536), 'must be at most 65535 bytes in UTF-8'],
    ['65,536 bytes of two', 'é'.repeat(32_768), 'must be at most 65535 bytes in UTF-8'],
    ['65,536 bytes of four', '\u{1F600}'.repeat(16_384), 'must be at most 65535 bytes in UTF-8'],
    ['half a pair', 'a\ud83d', 'must be well-formed Unicode (it has a lone surrogate)'],
    ['a pair the wrong way round', '\ude00\ud83d', 'must be well-formed Unicode (it has a lone surrogate)'],
  ])('[PRO-2] refuses %s', (_what, value, reason) => {
    expect(reasons(value)).toEqual([reason]);
  });

  it('[PRO-2] counting UTF-16 units would have let these through (trap 7)', () => {
    const text = 'é'.repeat(40_000);
    expect(text.length).toBeLessThan(65_535);
    expect(messageTextSchema.safeParse(text).success).toBe(false);
  });

  it('[PRO-2] takes exactly what the column holds unchanged', () => {
    const nearTheBound = fc
      .tuple(fc.constantFrom('x', 'é', '\u20ac', '\u{1F600}', '\ud800'), fc.integer({ min: -3, max: 3 }))
      .map(([unit, more]) => unit.repeat(Math.floor(65_535 / Buffer.byteLength(unit)) + more));
    fc.assert(
      fc.property(fc.oneof(nearTheBound, anyText), (text) => {
        const bytes = Buffer.from(text, 'utf8');
        const fits = bytes.length >= 1 && bytes.length <= 65_535 && bytes.toString('utf8') === text;
        expect(messageTextSchema.safeParse(text).success).toBe(fits);
      }),
      { numRuns: 50 },
    );
  });
});
