import { SettingsError } from '@postline/service-runtime';
import { type Command, CommanderError } from 'commander';
import { CommandFailure, UsageError } from './command-failure.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/**
 * Runs the command that the words name. Errors are printed to standard error in one line; the exit code is 2 for wrong
 * words and 1 for every other failure.
 */
export async function runProgram(program: Command, words: readonly string[]): Promise<void> {
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return; // --help and --version
    const usageFault = usageFaultOf(error);
    if (usageFault === undefined) {
      console.error(describe(error));
      process.exitCode = EXIT_FAILURE;
    } else {
      console.error(`postline: ${usageFault} (see ${calledPath(program, words)} --help)`);
      process.exitCode = EXIT_USAGE;
    }
  }
}

function usageFaultOf(error: unknown): string | undefined {
  if (error instanceof UsageError) return error.message;
  if (!(error instanceof CommanderError)) return undefined;
  if (error.code === 'commander.help') return 'a command is missing';
  return error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
}

function describe(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  if (!(error instanceof CommandFailure)) throw error;
  return ['postline', error.code, error.message].filter((part) => part !== undefined).join(': ');
}

/** The command as it was called, without arguments and options. */
function calledPath(program: Command, words: readonly string[]): string {
  const path = [program.name()];
  let command: Command | undefined = program;
  for (const word of words) {
    command = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (command === undefined) break;
    path.push(command.name());
  }
  return path.join(' ');
}
