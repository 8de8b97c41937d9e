/** The command `npm run token -- CLIENT_ID`: makes a token for trying out, from the configured secret. */
import { clientTokenEnvironment, signClientToken } from '@postline/client-tokens';
import { readSettings, SettingsError, wantsHelp } from '@postline/service-runtime';
import { z } from 'zod';
import { parseTokenArguments, TOKEN_USAGE, type TokenArguments } from './token-arguments.ts';

/** Throws a SettingsError. */
async function makeToken(args: TokenArguments): Promise<string> {
  const env = readSettings(z.object(clientTokenEnvironment), process.env);
  const secret = env.CLIENT_TOKEN_SECRET ?? env.CLIENT_TOKEN_SECRET_FILE;
  if (secret === undefined)
    throw new SettingsError([
      'CLIENT_TOKEN_SECRET: is required; where keys come from an address, their owner makes tokens',
    ]);
  const { CLIENT_TOKEN_ISSUER: issuer, CLIENT_TOKEN_AUDIENCE: audience } = env;
  return await signClientToken({ secret, issuer, audience, ...args });
}

const words = process.argv.slice(2);
const parsed = parseTokenArguments(words);
try {
  if (wantsHelp(words)) console.log(TOKEN_USAGE);
  else if (!parsed.ok) throw new SettingsError([parsed.error, TOKEN_USAGE]);
  else console.log(await makeToken(parsed.value));
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
