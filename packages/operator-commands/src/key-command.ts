import { createPublisherKey, isPublisherName, KEY_SCOPES, parseKeyScopes } from '@postline/publisher-keys';
import { type Command, InvalidArgumentError } from 'commander';
import { addExamples, createCommand } from './command.ts';

interface NewKeyOptions {
  readonly scope: readonly string[];
  readonly json?: true;
}

/** `key new <name>`: prints a new key and its entry for PUBLISH_KEYS; the key is stored nowhere. */
export function createKeyCommand(name = 'key'): Command {
  return createCommand(name).description('Makes keys for publishers.').addCommand(createNewKeyCommand());
}

function createNewKeyCommand(): Command {
  const command = createCommand('new')
    .description('Makes a key for a publisher, as lines for a shell. The key is stored nowhere.')
    .argument('<name>', 'name of the publisher in logs and metrics', publisherName)
    .option(
      '--scope <scope>',
      `${KEY_SCOPES.join(', ')}, or prefix=<start of target ids>; can be repeated (default: publish and batch)`,
      addScope,
      [],
    )
    .option('--json', 'print JSON')
    .action((name: string, { scope: scopes, json }: NewKeyOptions) => {
      const { key, entry } = createPublisherKey({ name, scopes });
      console.log(json === true ? JSON.stringify({ name, key, entry }) : shellLines(key, entry));
    });
  addExamples(
    command,
    'eval "$(npm run --silent keys -- new shop)"   # sets KEY and PUBLISH_KEYS',
    'postline key new shop --scope publish --scope prefix=order-',
  );
  return command;
}

function shellLines(key: string, entry: string): string {
  return [
    '# The key, for the publisher. It is not shown again.',
    `KEY=${key}`,
    '# Its entry, for PUBLISH_KEYS or the file named by PUBLISH_KEYS_FILE.',
    `PUBLISH_KEYS='${entry}'`,
  ].join('\n');
}

function publisherName(text: string): string {
  if (isPublisherName(text)) return text;
  throw new InvalidArgumentError(
    'It must be at most 64 of A-Z a-z 0-9 . _ - and start with a letter or a digit.',
  );
}

function addScope(text: string, earlier: readonly string[]): readonly string[] {
  const parsed = parseKeyScopes([text]);
  if (!parsed.ok) throw new InvalidArgumentError(`It ${parsed.error}.`);
  return [...earlier, text];
}
