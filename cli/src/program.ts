import {
  addExamples,
  addHelpSection,
  createCommand,
  createEpochCommand,
  createKeyCommand,
  createTokenCommand,
} from '@postline/operator-commands';
import { VERSION } from '@postline/service-runtime';
import type { Command } from 'commander';
import { createCompletionCommand } from './commands/completion-command.ts';
import { createDisconnectCommand } from './commands/disconnect-command.ts';
import { createDoctorCommand } from './commands/doctor-command.ts';
import { createGroupCommand } from './commands/group-command.ts';
import { createHistoryCommand } from './commands/history-command.ts';
import { createListenCommand } from './commands/listen-command.ts';
import { createReceiptsCommand } from './commands/receipts-command.ts';
import { createSendCommand } from './commands/send-command.ts';
import { ENVIRONMENT_HELP } from './connection-options.ts';

/** The whole command line. */
export function createProgram(): Command {
  const program = createCommand('postline')
    .description('Sends and receives messages, and finds what is wrong with an API and a relay.')
    .version(VERSION, '--version', 'show the version')
    .helpCommand('help [command]', 'show the help of a command');
  for (const command of [
    createSendCommand(),
    createListenCommand(),
    createHistoryCommand(),
    createReceiptsCommand(),
    createGroupCommand(),
    createDisconnectCommand(),
    createKeyCommand(),
    createTokenCommand(),
    createEpochCommand(),
    createDoctorCommand(),
    createCompletionCommand(() => program),
  ])
    program.addCommand(command);
  addHelpSection(program, 'Environment', ENVIRONMENT_HELP);
  addHelpSection(program, 'Exit status', [
    ['0', 'done; listen was ended by Ctrl-C; the reader of the output went away'],
    ['1', 'the API or the relay refused, or cannot be reached; standard error has the code'],
    ['2', 'the command was called with wrong words'],
  ]);
  addExamples(
    program,
    'postline send 1 "Hello Client 1!"',
    'postline listen 1 --from-start',
    'postline doctor',
  );
  return program;
}
