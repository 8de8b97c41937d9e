import { expect, it } from 'vitest';
import { jsonCost } from '../../../src/http/body/json-cost.ts';

const COUNT = 1_000;
const cost = (text: string) => jsonCost(Buffer.from(text));
const values = (text: string) => cost(text).parsingBytes - 2 * cost(text).textBytes;

it('[MEM-5] many small values cost more than their text', () => {
  const objects = `[${'{},'.repeat(COUNT)}{}]`;
  expect(values(objects)).toBeGreaterThan(20 * objects.length);
  expect(values(`[${'[],'.repeat(COUNT)}[]]`)).toBeGreaterThan(50 * COUNT);
  expect(values(`[${'"",'.repeat(COUNT)}""]`)).toBeGreaterThan(30 * COUNT);
  expect(values(`{${'"":0,'.repeat(COUNT)}"":0}`)).toBeGreaterThan(100 * COUNT);
});

it('[MEM-5] a text costs its length, whatever it contains', () => {
  const text = JSON.stringify(JSON.stringify({ a: [{}, [], ':', '"', '\\"', '\\'] }).repeat(COUNT));
  expect(values(text)).toBeLessThan(100);
  expect(cost(text).textBytes).toBe(text.length);
});

it('[MEM-5] one wide character makes all characters wide', () => {
  const narrow = `"${'a'.repeat(COUNT)}é"`;
  expect(cost(narrow).textBytes).toBe(Buffer.byteLength(narrow));
  for (const wide of [`"${'a'.repeat(COUNT)}€"`, `"${'a'.repeat(COUNT)}\\u20ac"`]) {
    expect(cost(wide).textBytes).toBe(2 * Buffer.byteLength(wide));
  }
});
