import { parseArgs } from 'node:util';
import { ArgumentsError } from './arguments-error.ts';
import { isPublisherName, parseKeyScopes } from './access/publisher-keys.ts';

const USAGE = `npm run keys -- new NAME [--scope SCOPE]…
  NAME           of the publisher, for logs and metrics: at most 64 of A-Z a-z 0-9 . _ -
  --scope SCOPE  publish, batch, read, manage, or prefix=<start of target ids>; none given: publish and batch`;

export interface NewKeyArguments {
  readonly name: string;
  readonly scopes: readonly string[];
}

/** Reads the words after the command. Throws an ArgumentsError. */
export function readNewKeyArguments(words: readonly string[]): NewKeyArguments {
  const { positionals, scopes } = parseWords(words);
  const [command, name = '', ...more] = positionals;
  if (command !== 'new' || more.length > 0) throw new ArgumentsError('what is to be done?', USAGE);
  if (!isPublisherName(name)) throw new ArgumentsError('a publisher can not have this name', USAGE);
  const parsed = parseKeyScopes(scopes);
  if (!parsed.ok) throw new ArgumentsError(`the key ${parsed.error}`, USAGE);
  return { name, scopes };
}

function parseWords(words: readonly string[]): { positionals: string[]; scopes: readonly string[] } {
  try {
    const options = { scope: { type: 'string', multiple: true } } as const;
    const { positionals, values } = parseArgs({ args: [...words], options, allowPositionals: true });
    return { positionals, scopes: values.scope ?? [] };
  } catch (error) {
    throw new ArgumentsError(error instanceof Error ? error.message : 'wrong arguments', USAGE);
  }
}
