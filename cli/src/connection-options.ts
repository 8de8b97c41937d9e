import { CommandFailure, UsageError } from '@postline/operator-commands';
import type { Environment } from '@postline/service-runtime';
import type { Command } from 'commander';

const API_URL_DEFAULT = 'http://localhost:8080';
const RELAY_URL_DEFAULT = 'ws://localhost:3000';

/** The environment variables that the commands read, for their help. */
export const ENVIRONMENT_HELP: readonly (readonly [string, string])[] = [
  ['POSTLINE_API_URL', `the API (default: ${API_URL_DEFAULT})`],
  ['POSTLINE_RELAY_URL', `the relay (default: ${RELAY_URL_DEFAULT})`],
  ['POSTLINE_KEY', "the publisher's key, where the API requires one"],
  ['POSTLINE_TOKEN', "the client's token, where the relay requires one"],
];

/** The options of every command that talks to the API. */
export interface ApiOptions {
  readonly key?: string;
  readonly json?: true;
}

export function addApiOptions(command: Command): Command {
  return command
    .option('--key <key>', 'the key, in place of POSTLINE_KEY')
    .option('--json', 'print JSON, a line each, also on a terminal');
}

export interface ApiConnection {
  readonly url: string;
  readonly key: string | undefined;
  readonly token: string | undefined;
}

/** Reads the API's address and key. Throws a UsageError if they are invalid. */
export function apiConnection(options: Pick<ApiOptions, 'key'>, env: Environment): ApiConnection {
  return {
    url: urlOf('POSTLINE_API_URL', /^https?:\/\//, env) ?? API_URL_DEFAULT,
    key: options.key ?? valueOf('POSTLINE_KEY', env),
    token: valueOf('POSTLINE_TOKEN', env),
  };
}

/** Reads the relay's address. Throws a UsageError if it is invalid. */
export function relayUrl(env: Environment): string {
  return urlOf('POSTLINE_RELAY_URL', /^(?:ws|http)s?:\/\//, env) ?? RELAY_URL_DEFAULT;
}

/** The relay's address for requests over HTTP. */
export function relayHttpUrl(url: string): string {
  return url.replace(/^ws/, 'http').replace(/\/+$/, '');
}

/** An empty variable counts as not set. */
function valueOf(name: string, env: Environment): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

function urlOf(name: string, pattern: RegExp, env: Environment): string | undefined {
  const text = valueOf(name, env);
  if (text === undefined || (pattern.test(text) && URL.canParse(text))) return text;
  const schemes = name === 'POSTLINE_API_URL' ? 'http:// or https://' : 'ws://, wss://, http:// or https://';
  throw new UsageError(`${name} must be a URL that starts with ${schemes}`);
}

/** The failure for an option that the client refuses, for example a URL with a password. */
export function optionFailure(error: unknown): CommandFailure {
  return new CommandFailure(error instanceof Error ? error.message : String(error), {
    code: 'invalid_option',
  });
}
