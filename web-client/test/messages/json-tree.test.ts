import { describe, expect, it } from 'vitest';
import { previewWords, readJson } from '../../src/messages/json-tree.ts';

describe('readJson', () => {
  it('[PAGE-16] reads objects and arrays', () => {
    expect(readJson('{"a":[1,null]}')).toEqual({ a: [1, null] });
    expect(readJson(' \n[1.5, "x"]')).toEqual([1.5, 'x']);
  });

  it.each(['', 'text', '42', '"text"', 'null', '{a:1}', '{"a":1', '{{constructor}}'])(
    '[PAGE-16] leaves %j a text',
    (text) => expect(readJson(text)).toBeUndefined(),
  );

  it.each(['[9007199254740993]', '{"pi":3.14159265358979323846}'])(
    '[PAGE-16] leaves %s a text, because JavaScript would round its number',
    (text) => expect(readJson(text)).toBeUndefined(),
  );

  it('[PAGE-16] reads what is nested too deeply for recursion, and its preview looks at one level', () => {
    const depth = 30_000;
    const value = readJson('['.repeat(depth) + ']'.repeat(depth));
    expect(value).toBeInstanceOf(Array);
    expect(previewWords(value ?? {})).toBe('[…]');
  });
});

describe('previewWords', () => {
  it('[PAGE-16] shows the first entries of a folded branch, and the beginning of a long text', () => {
    expect(previewWords({ type: 'order', id: 42, paid: true, lines: [1], more: {} })).toBe(
      '"type": "order", "id": 42, "paid": true, "lines": […], …',
    );
    expect(previewWords([[], {}, null])).toBe('[], {}, null');
    expect(previewWords(['x'.repeat(100)])).toBe(`"${'x'.repeat(23)}…`);
  });
});
