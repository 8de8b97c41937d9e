import { parseArgs, type ParseArgsConfig } from 'node:util';
import { calledAs } from '@postline/service-runtime';
import { isPublisherName, parseKeyScopes } from './access/publisher-keys.ts';

export const KEYS_USAGE = `Usage: ${calledAs('keys')} new NAME [--scope SCOPE]…
  NAME           name of the publisher in logs and metrics: at most 64 of A-Z a-z 0-9 . _ -
  --scope SCOPE  publish, batch, read, members, manage, or prefix=<start of target ids>; default: publish and batch`;

export const NEW_EPOCH_USAGE = `Usage: ${calledAs('new-epoch')} [--restored-at 2026-11-23T08:30:00Z]
  --restored-at TIME  when the backup was restored; needed if messages have been stored since`;

/** With its zone: a local time would be another moment on another machine. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** A command was called with wrong arguments. The message ends with its usage. */
export class ArgumentsError extends Error {
  readonly code = 'arguments_invalid';

  constructor(problem: string, usage: string) {
    super(`${problem}\n${usage}`);
    this.name = 'ArgumentsError';
  }
}

export interface NewKeyArguments {
  readonly name: string;
  readonly scopes: readonly string[];
}

/** Reads the arguments of `npm run keys`. Throws an ArgumentsError. */
export function readNewKeyArguments(words: readonly string[]): NewKeyArguments {
  const { positionals, values } = parseWords(words, KEYS_USAGE, {
    options: { scope: { type: 'string', multiple: true } },
    allowPositionals: true,
  });
  const [command, name = '', ...more] = positionals;
  if (command === undefined) throw new ArgumentsError('Missing command.', KEYS_USAGE);
  if (command !== 'new') throw new ArgumentsError('Unknown command.', KEYS_USAGE);
  if (more.length > 0) throw new ArgumentsError('Too many arguments.', KEYS_USAGE);
  if (!isPublisherName(name)) throw new ArgumentsError('Missing or invalid NAME.', KEYS_USAGE);
  const scopes = values.scope ?? [];
  const parsed = parseKeyScopes(scopes);
  if (!parsed.ok) throw new ArgumentsError(`The key ${parsed.error}.`, KEYS_USAGE);
  return { name, scopes };
}

export interface NewEpochArguments {
  readonly restoredAt: Date | undefined;
}

/** Reads the arguments of `npm run new-epoch`. Throws an ArgumentsError. */
export function readNewEpochArguments(words: readonly string[], now: Date): NewEpochArguments {
  const { values } = parseWords(words, NEW_EPOCH_USAGE, { options: { 'restored-at': { type: 'string' } } });
  const text = values['restored-at'];
  if (text === undefined) return { restoredAt: undefined };
  const restoredAt = new Date(text);
  if (!TIME.test(text) || Number.isNaN(restoredAt.getTime())) {
    const problem = '--restored-at must be a time with its zone, for example 2026-11-23T08:30:00Z.';
    throw new ArgumentsError(problem, NEW_EPOCH_USAGE);
  }
  if (restoredAt > now) throw new ArgumentsError('--restored-at must not be in the future.', NEW_EPOCH_USAGE);
  return { restoredAt };
}

function parseWords<T extends ParseArgsConfig>(words: readonly string[], usage: string, config: T) {
  try {
    return parseArgs<T & { args: string[] }>({ ...config, args: [...words] });
  } catch (error) {
    throw new ArgumentsError(error instanceof Error ? error.message : 'Invalid arguments.', usage);
  }
}
