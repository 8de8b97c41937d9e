import { expect, it } from 'vitest';
import { jsonProblem } from '../../src/sending/json-choice.ts';

it.each(['{"a":1}', '42', 'null', ' [1] ', '9007199254740993'])('[PAGE-16] takes %j as JSON', (text) => {
  expect(jsonProblem(text)).toBeUndefined();
});

it.each(['{a:1}', '[1', 'text', '{"a":1},"targetId":"other"'])(
  '[PAGE-16] says that %j is no JSON',
  (text) => {
    expect(jsonProblem(text)).toContain('This is not JSON: SyntaxError');
  },
);

it('[PAGE-16] asks for JSON if there is none', () => {
  expect(jsonProblem(' ')).toBe('Type JSON first, for example {"hello": 1}.');
});
