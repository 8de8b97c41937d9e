export { integerFrom, timeWithZone } from './argument-parsers.ts';
export { addExamples, addHelpSection, createCommand, firstSentence } from './command.ts';
export { CommandFailure, UsageError } from './command-failure.ts';
export { createEpochCommand } from './epoch-command.ts';
export { createKeyCommand } from './key-command.ts';
export { isOperatorCommand, runOperatorCommand } from './run-operator-command.ts';
export { runProgram } from './run-program.ts';
export { createTokenCommand } from './token-command.ts';
