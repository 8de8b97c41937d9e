import { expect, it } from 'vitest';
import { readNewKeyArguments } from '../src/new-key-arguments.ts';

it('[SEC-3] takes a name, and scopes as entries have them', () => {
  expect(readNewKeyArguments(['new', 'shop'])).toEqual({ name: 'shop', scopes: [] });
  expect(readNewKeyArguments(['new', 'shop', '--scope', 'read', '--scope=prefix=order-'])).toEqual({
    name: 'shop',
    scopes: ['read', 'prefix=order-'],
  });
});

it.each([
  [],
  ['shop'],
  ['new'],
  ['new', 'a b'],
  ['new', 'shop', 'more'],
  ['new', 'shop', '--scope', 'all'],
  ['new', 'x', '--y'],
])('[SEC-3] %j is told what the command takes', (...words) => {
  expect(() => readNewKeyArguments(words)).toThrow(/npm run keys -- new NAME/);
});
