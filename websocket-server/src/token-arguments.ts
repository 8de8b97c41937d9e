import { parseArgs } from 'node:util';
import { isGroupId, targetIdFault } from '@postline/protocol';

export const TOKEN_USAGE = `npm run token -- CLIENT_ID [--expires-in-seconds N]
  CLIENT_ID               the client that the token is for; behind one more -- if it begins with -
  --expires-in-seconds N  from now on; an hour if left out`;

const EXPIRES_IN_SECONDS_DEFAULT = 3_600;
/** Ten years: what is longer is no time for trying something out. */
const EXPIRES_IN_SECONDS_MAX = 315_360_000;

export interface TokenArguments {
  readonly clientId: string;
  readonly expiresInSeconds: number;
}

type TokenArgumentsResult = { ok: true; value: TokenArguments } | { ok: false; error: string };

/** Reads the words after the command. */
export function parseTokenArguments(words: readonly string[]): TokenArgumentsResult {
  const parsed = parseWords(words);
  if (!parsed.ok) return parsed;
  const { seconds, clientIds } = parsed.value;
  const [clientId, ...more] = clientIds;
  if (clientId === undefined || more.length > 0) return { ok: false, error: 'one client id is needed' };
  const fault = isGroupId(clientId) ? 'must be a client, not a group' : targetIdFault(clientId);
  if (fault !== undefined) return { ok: false, error: `the client id ${fault}` };
  const expiresInSeconds = seconds === undefined ? EXPIRES_IN_SECONDS_DEFAULT : Number(seconds);
  if (!/^\d{1,9}$/.test(seconds ?? '1') || expiresInSeconds < 1 || expiresInSeconds > EXPIRES_IN_SECONDS_MAX)
    return {
      ok: false,
      error: `--expires-in-seconds must be an integer from 1 to ${EXPIRES_IN_SECONDS_MAX}`,
    };
  return { ok: true, value: { clientId, expiresInSeconds } };
}

type WordsResult =
  | { ok: true; value: { readonly clientIds: string[]; readonly seconds: string | undefined } }
  | { ok: false; error: string };

function parseWords(words: readonly string[]): WordsResult {
  try {
    const options = { 'expires-in-seconds': { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    return { ok: true, value: { clientIds: positionals, seconds: values['expires-in-seconds'] } };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : 'wrong arguments' };
  }
}
