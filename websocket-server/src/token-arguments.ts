import { parseArgs } from 'node:util';
import { clientIdSchema, isFollowEntry, isGroupName } from '@postline/protocol';
import { calledAs, type Result } from '@postline/service-runtime';

export const TOKEN_USAGE = `Usage: ${calledAs('token')} CLIENT_ID [--expires-in-seconds N] [--groups NAMES] [--follow NAMES]
  CLIENT_ID               the client that the token is for; write -- before an id that begins with -
  --expires-in-seconds N  how long the token is valid; an hour if left out
  --groups NAMES          names of groups that the client follows, separated by commas: news,room-7
  --follow NAMES          names of groups that the client may follow, or beginnings with a *: news,room-*`;

const EXPIRES_IN_SECONDS_DEFAULT = 3_600;
/** Ten years: a token for trying something out needs no more. */
const EXPIRES_IN_SECONDS_MAX = 315_360_000;

const OPTIONS = {
  'expires-in-seconds': { type: 'string' },
  groups: { type: 'string' },
  follow: { type: 'string' },
} as const;

export interface TokenArguments {
  readonly clientId: string;
  readonly expiresInSeconds: number;
  readonly groups?: readonly string[];
  readonly follow?: readonly string[];
}

/** Reads the words after the command. */
export function parseTokenArguments(words: readonly string[]): Result<TokenArguments> {
  const read = readWords(words);
  if (!read.ok) return read;
  const { values, positionals } = read.value;
  const [word, ...more] = positionals;
  if (word === undefined || more.length > 0) return failed('exactly one client id is required');
  const clientId = clientIdSchema.safeParse(word);
  if (!clientId.success)
    return failed(`the client id ${clientId.error.issues[0]?.message ?? 'is not valid'}`);
  const seconds = values['expires-in-seconds'] ?? String(EXPIRES_IN_SECONDS_DEFAULT);
  const expiresInSeconds = Number(seconds);
  if (!/^\d{1,9}$/.test(seconds) || expiresInSeconds < 1 || expiresInSeconds > EXPIRES_IN_SECONDS_MAX)
    return failed(`--expires-in-seconds must be an integer from 1 to ${EXPIRES_IN_SECONDS_MAX}`);
  const claims = readClaims(values);
  return claims.ok
    ? { ok: true, value: { clientId: clientId.data, expiresInSeconds, ...claims.value } }
    : claims;
}

function readClaims(values: {
  readonly groups?: string;
  readonly follow?: string;
}): Result<Pick<TokenArguments, 'groups' | 'follow'>> {
  const groups = values.groups?.split(',');
  const follow = values.follow?.split(',');
  if (groups?.every(isGroupName) === false)
    return failed('--groups must be names of groups, separated by commas');
  if (follow?.every(isFollowEntry) === false)
    return failed('--follow must be names of groups or beginnings with a *, separated by commas');
  return { ok: true, value: { ...(groups && { groups }), ...(follow && { follow }) } };
}

function readWords(words: readonly string[]) {
  try {
    const value = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
    return { ok: true, value } as const;
  } catch (error) {
    return failed(error instanceof Error ? error.message : 'the arguments are not valid');
  }
}

function failed(error: string): Result<never> {
  return { ok: false, error };
}
