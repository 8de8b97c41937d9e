import { parseArgs } from 'node:util';
import { ArgumentsError } from './arguments-error.ts';

const USAGE = `npm run new-epoch -- [--restored-at 2026-11-23T08:30:00Z]
  --restored-at TIME  when the backup was restored, where messages have been stored since`;

/** With its zone: a local time would be another moment on another machine. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

export interface NewEpochArguments {
  readonly restoredAt: Date | undefined;
}

/** Reads the words after the command. Throws an ArgumentsError. */
export function readNewEpochArguments(words: readonly string[], now: Date): NewEpochArguments {
  const text = restoredAtText(words);
  if (text === undefined) return { restoredAt: undefined };
  const restoredAt = new Date(text);
  if (!TIME.test(text) || Number.isNaN(restoredAt.getTime())) {
    throw new ArgumentsError('--restored-at must be a time with its zone, like 2026-11-23T08:30:00Z', USAGE);
  }
  if (restoredAt > now) throw new ArgumentsError('--restored-at must not be in the future', USAGE);
  return { restoredAt };
}

function restoredAtText(words: readonly string[]): string | undefined {
  try {
    const { values } = parseArgs({ args: [...words], options: { 'restored-at': { type: 'string' } } });
    return values['restored-at'];
  } catch (error) {
    throw new ArgumentsError(error instanceof Error ? error.message : 'wrong arguments', USAGE);
  }
}
