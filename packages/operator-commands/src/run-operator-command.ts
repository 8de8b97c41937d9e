import { calledAs } from '@postline/service-runtime';
import type { Command } from 'commander';
import { createNewEpochCommand } from './epoch-command.ts';
import { createKeyCommand } from './key-command.ts';
import { runProgram } from './run-program.ts';
import { createTokenCommand } from './token-command.ts';

/** The names that they have as npm scripts and as words of `postline-server`. */
const COMMANDS: ReadonlyMap<string, (name: string) => Command> = new Map([
  ['keys', createKeyCommand],
  ['token', createTokenCommand],
  ['new-epoch', createNewEpochCommand],
]);

export function isOperatorCommand(name: string): boolean {
  return COMMANDS.has(name);
}

/** Runs one of them alone; its help names the npm script, or the program of the published package. */
export async function runOperatorCommand(name: string, words: readonly string[]): Promise<void> {
  const create = COMMANDS.get(name);
  if (create === undefined) throw new RangeError(`there is no command ${name}`);
  await runProgram(create(calledAs(name)), words);
}
