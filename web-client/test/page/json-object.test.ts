import { expect, it } from 'vitest';
import { parseJsonObject, textOr } from '../../src/page/json-object.ts';

it('only an object is one', () => {
  expect(parseJsonObject('{"a":[1]}')).toEqual({ a: [1] });
  for (const text of ['', '{', 'null', '[]', '"a"', '1']) expect(parseJsonObject(text)).toBeUndefined();
});

it('a text with nothing in it is replaced, as is everything else', () => {
  expect(textOr('a', 'b')).toBe('a');
  for (const value of ['', undefined, 1, null, {}]) expect(textOr(value, 'b')).toBe('b');
});
