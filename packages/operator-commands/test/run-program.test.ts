import { SettingsError } from '@postline/service-runtime';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CommandFailure, UsageError } from '../src/command-failure.ts';
import { createCommand } from '../src/command.ts';
import { runProgram } from '../src/run-program.ts';

const errors: string[] = [];
beforeEach(() => {
  errors.length = 0;
  vi.spyOn(console, 'error').mockImplementation((line: string) => void errors.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

function program(action: () => void) {
  const send = createCommand('send').argument('<text>').option('--key <key>').action(action);
  return createCommand('postline').addCommand(send);
}

it.each([
  [[], 'postline: a command is missing (see postline --help)'],
  [['sned'], "postline: unknown command 'sned' (Did you mean send?) (see postline --help)"],
  [['send'], "postline: missing required argument 'text' (see postline send --help)"],
  [['send', 'a', 'b'], 'too many arguments'],
  [['send', 'a', '--keey', 'k'], '--keey'],
])('[CLI-2] wrong words %j: one line, and exit code 2', async (words, line) => {
  await runProgram(program(vi.fn()), words);
  expect(errors).toEqual([expect.stringContaining(line)]);
  expect(errors[0]).not.toContain('\n');
  expect(process.exitCode).toBe(2);
});

it.each<[Error, string, number]>([
  [new CommandFailure('no key', { code: 'unauthorized' }), 'postline: unauthorized: no key', 1],
  [new CommandFailure('no file'), 'postline: no file', 1],
  [new SettingsError(['A: is required']), 'A: is required', 1],
  [
    new UsageError('POSTLINE_API_URL must be a URL'),
    'postline: POSTLINE_API_URL must be a URL (see postline send --help)',
    2,
  ],
])('[CLI-2] %s is one line', async (error, line, exitCode) => {
  const fail = () => {
    throw error;
  };
  await runProgram(program(fail), ['send', 'a']);
  expect(errors).toEqual([line]);
  expect(process.exitCode).toBe(exitCode);
});

it('[CLI-2] a mistake of the program is not hidden', async () => {
  const fail = () => {
    throw new TypeError('x is undefined');
  };
  await expect(runProgram(program(fail), ['send', 'a'])).rejects.toThrow('x is undefined');
});
