import { expect, it } from 'vitest';
import { parseBesideArguments } from '../../beside/arguments.ts';

it('takes a folder, and by default the load of w1', () => {
  expect(parseBesideArguments(['../old'])).toEqual({
    other: '../old',
    load: { pace: { kind: 'closed-loop', publishers: 64 }, messagesPerRequest: 1 },
    pairs: 40,
    sliceMs: 1_500,
    warmUpSeconds: 20,
    node: undefined,
  });
});

it('takes another load, and lengths', () => {
  const words = [
    'bare parts',
    'batch',
    '--pairs',
    '2',
    '--slice-ms',
    '100',
    '--warm-up',
    '3',
    '--node',
    '26',
  ];
  expect(parseBesideArguments(words)).toMatchObject({
    ...{ other: 'bare parts', pairs: 2, sliceMs: 100, warmUpSeconds: 3, node: '26' },
    load: { messagesPerRequest: 100 },
  });
});

it.each([
  [[], 'one folder'],
  [['a', 'w1', 'w4'], 'one folder'],
  [['a', 'w9'], '"w9" is no load'],
  [['a', '--pairs', '0'], '--pairs takes a whole number'],
  [['a', '--pairs', 'many'], '--pairs takes a whole number'],
  [['a', '--pears', '1'], 'pears'],
])('refuses %j', (words, reason) => {
  expect(() => parseBesideArguments(words)).toThrow(reason);
});
