/** A command of its own: `npm run keys -- new NAME`. Makes a publisher's key; nothing keeps it but who reads it here. */
import { randomBytes } from 'node:crypto';
import { ArgumentsError } from './command-arguments.ts';
import { readNewKeyArguments } from './command-arguments.ts';
import { keyDigest } from './access/publisher-keys.ts';

/** Nobody guesses 256 bits, so a plain SHA-256 is all that has to be kept of them. */
const KEY_BYTES = 32;
/** By it a key is known as one, by people and by what looks for secrets in the wrong places. */
const KEY_START = 'pk_';

try {
  const { name, scopes } = readNewKeyArguments(process.argv.slice(2));
  const key = `${KEY_START}${randomBytes(KEY_BYTES).toString('base64url')}`;
  const entry = [`${name}:${keyDigest(key)}`, ...scopes].join(';');
  // As a shell reads it:  eval "$(npm run --silent keys -- new shop)"
  console.log('# The key, shown this once: give it to the publisher.');
  console.log(`KEY=${key}`);
  console.log('# Its entry for PUBLISH_KEYS, or a line of the file that PUBLISH_KEYS_FILE names.');
  console.log(`PUBLISH_KEYS='${entry}'`);
} catch (error) {
  if (!(error instanceof ArgumentsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
