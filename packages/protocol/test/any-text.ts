import fc from 'fast-check';

const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
const nearSurrogates = fc.integer({ min: 0xd7ff, max: 0xe000 }).map((code) => String.fromCharCode(code));
const telling = fc.constantFrom('a', '"', '\\', '\u0000', '\u2028', 'é', '\u20ac', '\u{1F600}');

/** Any sequence of UTF-16 units, often with lone surrogates or characters that encoders get wrong. */
export const anyText = fc.string({ unit: fc.oneof(codeUnit, nearSurrogates, telling) });
