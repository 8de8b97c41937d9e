import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageJsonSchema } from '../src/message-json.ts';

function reasons(value: unknown): string[] {
  const parsed = messageJsonSchema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.message);
}

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('message as JSON', () => {
  it.each(
    [null, false, 0, -1.5e300, '', '\ud83d', [], {}, [[null]], { a: { b: [1, 'x'] } }].map((value) => [
      value,
    ]),
  )('[PUB-17] takes %j', (value) => {
    expect(messageJsonSchema.parse(value)).toBe(JSON.stringify(value));
  });

  it('[PUB-17] takes every JSON value whose text fits, and nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(messageJsonSchema.parse(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('[PUB-17] keeps keys that are properties of every object', () => {
    const text = '{"__proto__":{"a":1},"constructor":2,"toJSON":3}';
    expect(messageJsonSchema.parse(JSON.parse(text))).toBe(text);
  });

  it('[PUB-17] is bounded by the bytes of its text', () => {
    expect(reasons('x'.repeat(65_533))).toEqual([]);
    const tooLong = ['must be at most 65535 bytes in UTF-8, as JSON text'];
    expect(reasons('x'.repeat(65_534))).toEqual(tooLong);
    expect(reasons('é'.repeat(32_767))).toEqual(tooLong);
    expect(reasons('\u0000'.repeat(11_000))).toEqual(tooLong); // six bytes each
    expect(reasons(new Array(4_000_000).fill(1e20))).toEqual(tooLong);
    expect(reasons({ a: new Array(40_000).fill({}) })).toEqual(tooLong);
  });

  it('[PUB-17] is bounded in its levels, which JSON.stringify is too (trap 24)', () => {
    expect(reasons(nested(500))).toEqual([]);
    const tooDeep = ['must have at most 500 levels of arrays and objects'];
    expect(reasons(nested(501))).toEqual(tooDeep);
    expect(reasons(nested(49_000))).toEqual(tooDeep);
  });

  it('[PUB-17] refuses a number that would become null', () => {
    expect(reasons(JSON.parse('[1e400]'))).toEqual(['has a number beyond the range of a double']);
  });
});
