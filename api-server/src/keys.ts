/** The command `npm run keys -- new NAME`. Prints a new key and its entry for PUBLISH_KEYS; the key is stored nowhere. */
import { randomBytes } from 'node:crypto';
import { wantsHelp } from '@postline/service-runtime';
import { keyDigest } from './access/publisher-keys.ts';
import { ArgumentsError, KEYS_USAGE, readNewKeyArguments } from './command-arguments.ts';

/** 256 random bits cannot be guessed, so a plain SHA-256 protects them. */
const KEY_BYTES = 32;
/** Identifies a key as one, for people and for secret scanners. */
const KEY_START = 'pk_';

function makeKey(words: readonly string[]): void {
  const { name, scopes } = readNewKeyArguments(words);
  const key = `${KEY_START}${randomBytes(KEY_BYTES).toString('base64url')}`;
  const entry = [`${name}:${keyDigest(key)}`, ...scopes].join(';');
  // The output is a shell script:  eval "$(npm run --silent keys -- new shop)"
  console.log('# The key, for the publisher. It is not shown again.');
  console.log(`KEY=${key}`);
  console.log('# Its entry, for PUBLISH_KEYS or the file named by PUBLISH_KEYS_FILE.');
  console.log(`PUBLISH_KEYS='${entry}'`);
}

const words = process.argv.slice(2);
try {
  if (wantsHelp(words)) console.log(KEYS_USAGE);
  else makeKey(words);
} catch (error) {
  if (!(error instanceof ArgumentsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
