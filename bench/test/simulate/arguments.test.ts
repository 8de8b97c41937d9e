import { expect, it } from 'vitest';
import { parseSimulateArguments, simulateHelp } from '../../simulate/arguments.ts';
import { SETTINGS } from '../../simulate/deployment.ts';

it('takes the defaults for what is not given', () => {
  const parsed = parseSimulateArguments(['--connections', '5000', '--relays=2'], true);
  expect(parsed).toMatchObject({
    kind: 'simulate',
    asJson: false,
    deployment: { connections: 5_000, relays: 2, groupSize: SETTINGS.groupSize.byDefault },
  });
});

it('prints JSON in a pipe, or where it is asked to', () => {
  expect(parseSimulateArguments([], false)).toMatchObject({ asJson: true });
  expect(parseSimulateArguments(['--json'], true)).toMatchObject({ asJson: true });
});

it.each([
  [['--connections', 'many'], '--connections takes a number'],
  [['--connections', '-1'], '--connections'],
  [['--connections', ''], '--connections takes a number'],
  [['--group-size', '0'], '--group-size takes a number above 0'],
  [['--clients', '1'], '--clients'],
  [['--fit', 'x.json'], '--commit'],
  [['--fit', '--commit', 'abc'], 'result files'],
  [['5000'], '"5000" is no option'],
])('refuses %j, naming the option', (words, named) => {
  expect(parseSimulateArguments(words, true)).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining(named),
  });
});

it('fits unit costs to results', () => {
  expect(parseSimulateArguments(['--fit', 'x.json', 'y.json', '--commit', 'abc'], true)).toEqual({
    kind: 'fit',
    resultFiles: ['x.json', 'y.json'],
    commit: 'abc',
  });
});

it('prints the table of the documentation', () => {
  expect(parseSimulateArguments(['--table'], true)).toEqual({ kind: 'table' });
});

it('names every setting in its help', () => {
  expect(parseSimulateArguments(['-h'], true)).toEqual({ kind: 'help' });
  const help = simulateHelp();
  for (const { meaning } of Object.values(SETTINGS)) expect(help).toContain(meaning);
});
