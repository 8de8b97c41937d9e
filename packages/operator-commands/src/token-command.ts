import { clientTokenEnvironment, signClientToken } from '@postline/client-tokens';
import { clientIdSchema, isFollowEntry, isGroupName } from '@postline/protocol';
import { readSettings, SettingsError } from '@postline/service-runtime';
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { integerFrom } from './argument-parsers.ts';
import { addExamples, addHelpSection, createCommand } from './command.ts';

const EXPIRES_IN_SECONDS_DEFAULT = 3_600;
/** Ten years: a token for trying something out needs no more. */
const EXPIRES_IN_SECONDS_MAX = 315_360_000;

interface TokenOptions {
  readonly expiresInSeconds: number;
  readonly groups?: readonly string[];
  readonly follow?: readonly string[];
  readonly json?: true;
}

/** `token <clientId>`: signs a token with the configured secret. */
export function createTokenCommand(name = 'token'): Command {
  const command = createCommand(name)
    .description('Makes a token for a client, signed with CLIENT_TOKEN_SECRET, for trying something out.')
    .argument(
      '<clientId>',
      'the client that the token is for; write -- before an id that begins with -',
      clientId,
    )
    .option(
      '--expires-in-seconds <n>',
      'how long the token is valid',
      integerFrom(1, EXPIRES_IN_SECONDS_MAX),
      EXPIRES_IN_SECONDS_DEFAULT,
    )
    .option('--groups <names>', 'groups that the client follows, separated by commas: news,room-7', groups)
    .option('--follow <names>', 'groups that it may follow, or beginnings with a *: news,room-*', follow)
    .option('--json', 'print JSON')
    .action(async (id: string, { json, ...content }: TokenOptions) => {
      const token = await signToken(id, content);
      console.log(json === true ? JSON.stringify({ clientId: id, token }) : token);
    });
  addHelpSection(command, 'Environment', [
    ['CLIENT_TOKEN_SECRET', 'signs the token; or CLIENT_TOKEN_SECRET_FILE, which names a file'],
    ['CLIENT_TOKEN_ISSUER', 'the `iss` of the token'],
    ['CLIENT_TOKEN_AUDIENCE', 'the `aud` of the token'],
  ]);
  addExamples(command, 'export POSTLINE_TOKEN="$(postline token 1)"');
  return command;
}

/** Throws a SettingsError without a secret. */
async function signToken(id: string, content: Omit<TokenOptions, 'json'>): Promise<string> {
  const env = readSettings(z.object(clientTokenEnvironment), process.env);
  const secret = env.CLIENT_TOKEN_SECRET ?? env.CLIENT_TOKEN_SECRET_FILE;
  if (secret === undefined)
    throw new SettingsError([
      'CLIENT_TOKEN_SECRET: is required; where keys come from an address, their owner makes tokens',
    ]);
  const { CLIENT_TOKEN_ISSUER: issuer, CLIENT_TOKEN_AUDIENCE: audience } = env;
  return await signClientToken({ secret, issuer, audience, clientId: id, ...content });
}

function clientId(text: string): string {
  const parsed = clientIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`It ${parsed.error.issues[0]?.message ?? 'is not valid'}.`);
}

function groups(text: string): readonly string[] {
  const names = text.split(',');
  if (names.every(isGroupName)) return names;
  throw new InvalidArgumentError('It must be names of groups, separated by commas.');
}

function follow(text: string): readonly string[] {
  const names = text.split(',');
  if (names.every(isFollowEntry)) return names;
  throw new InvalidArgumentError('It must be names of groups or beginnings with a *, separated by commas.');
}
