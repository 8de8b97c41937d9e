import { styleText } from 'node:util';
import { Command } from 'commander';

const COLUMN_GAP = 2;

/**
 * Creates a command whose errors are thrown to `runProgram`, which alone prints them. Its help looks like that of all
 * others. Help is styled only if standard output is a terminal with colors: commander removes the styles otherwise.
 */
export function createCommand(name: string): Command {
  return new Command(name)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, outputError: () => undefined })
    .configureHelp({
      styleTitle: bold,
      subcommandDescription: (command) => firstSentence(command.description()),
    })
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false);
}

/** For lists of commands. */
export function firstSentence(text: string): string {
  return text.split(/[.:;] /, 1)[0]?.replace(/\.$/, '') ?? '';
}

function bold(text: string): string {
  return styleText('bold', text, { validateStream: false });
}

/** Adds a section with two columns to the end of the help. */
export function addHelpSection(
  command: Command,
  title: string,
  rows: readonly (readonly [string, string])[],
): void {
  const width = Math.max(...rows.map(([term]) => term.length)) + COLUMN_GAP;
  const lines = rows.map(([term, text]) => `  ${term.padEnd(width)}${text}`);
  command.addHelpText('after', `\n${bold(`${title}:`)}\n${lines.join('\n')}`);
}

export function addExamples(command: Command, ...examples: readonly string[]): void {
  command.addHelpText('after', `\n${bold('Examples:')}\n${examples.map((line) => `  ${line}`).join('\n')}`);
}
