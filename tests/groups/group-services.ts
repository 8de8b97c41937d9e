import { createHash, randomBytes } from 'node:crypto';
import { signClientToken } from '@postline/client-tokens';
import {
  type ReceivedFrame,
  RelayClient,
  type ServiceEnvironment,
  startStandalone,
} from '@postline/test-support';
import { expect } from 'vitest';
import { startSystem } from '../e2e/system.ts';

export const KEY = randomBytes(24).toString('base64url');
const SECRET = randomBytes(32).toString('base64');
const TOKEN_SECONDS = 600;

/** The entry of `PUBLISH_KEYS` for a key with this name and these scopes. */
export function keySetting(name: string, key: string, scopes: string): string {
  return `${name}:${createHash('sha256').update(key).digest('hex')};${scopes}`;
}

/** Tokens and keys are required. KEY has all rights. */
export const WITH_TOKENS: ServiceEnvironment = {
  AUTH: 'required',
  PUBLISH_KEYS: keySetting('everything', KEY, 'publish;batch;read;members;manage'),
  CLIENT_TOKEN_SECRET: SECRET,
};

/** One API and one relay. */
export interface GroupServices {
  readonly apiUrl: string;
  readonly relayUrl: string;
  readonly stop: () => Promise<unknown>;
}

interface Kind {
  readonly kind: string;
  readonly start: (env?: ServiceEnvironment) => Promise<GroupServices>;
}

/** Both kinds of store and bus. */
export const KINDS: readonly Kind[] = [
  { kind: 'the embedded kind', start: (env = {}) => startStandalone(env) },
  {
    kind: 'MariaDB and Redis',
    start: async (env = {}) => {
      const system = await startSystem(env);
      const { api, relay } = system;
      return { apiUrl: api.url, relayUrl: relay.url, stop: () => system.stop() };
    },
  },
];

export interface Answer {
  readonly status: number;
  /** The parsed JSON; `undefined` if there is no body. */
  readonly body: unknown;
}

export interface Ask {
  readonly body?: unknown;
  /** A key or a token; KEY if omitted. Ignored in open mode. */
  readonly bearer?: string;
}

/** Sends a request with a JSON body, if any. */
export async function ask(
  apiUrl: string,
  method: string,
  path: string,
  { body, bearer = KEY }: Ask = {},
): Promise<Answer> {
  const headers: Record<string, string> = { Authorization: `Bearer ${bearer}` };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(apiUrl + path, { method, headers, ...(body !== undefined && { body: text }) });
  const answer = await response.text();
  return { status: response.status, body: answer === '' ? undefined : JSON.parse(answer) };
}

export type History = 'from-join' | 'all' | { readonly last: number };

const memberPath = (group: string, clientId: string) =>
  `/groups/${encodeURIComponent(group)}/members/${encodeURIComponent(clientId)}`;

export function join(apiUrl: string, group: string, clientId: string, history?: History): Promise<Answer> {
  return ask(apiUrl, 'PUT', memberPath(group, clientId), history === undefined ? {} : { body: { history } });
}

export function leave(apiUrl: string, group: string, clientId: string): Promise<Answer> {
  return ask(apiUrl, 'DELETE', memberPath(group, clientId));
}

/** Publishes texts one after another. Throws unless each is stored. */
export async function send(apiUrl: string, targetId: string, ...texts: readonly string[]): Promise<void> {
  for (const message of texts) {
    const { status } = await ask(apiUrl, 'POST', '/', { body: { message, targetId } });
    if (status !== 201) throw new Error(`publishing to ${targetId} was answered ${status}`);
  }
}

/**
 * Checks the frames of one group: messages arrive only between followed and unfollowed, with offsets that increase by
 * one from where `followed` begins.
 */
export function expectContinuous(frames: readonly ReceivedFrame[]): void {
  let next: number | undefined;
  for (const { type, offset } of frames) {
    expect(type).toMatch(next === undefined ? /^followed$/ : /^(new_message|unfollowed)$/);
    if (type === 'new_message') expect(offset).toBe(next);
    next = type === 'unfollowed' ? undefined : Number(offset) + 1;
  }
}

export interface Claims {
  readonly groups?: readonly string[];
  readonly follow?: readonly string[];
}

export function tokenOf(clientId: string, claims: Claims = {}): Promise<string> {
  return signClientToken({ secret: SECRET, clientId, expiresInSeconds: TOKEN_SECONDS, ...claims });
}

/** Identifies with a token. Follows the client's groups unless `identify` says otherwise. */
export async function connected(
  relayUrl: string,
  clientId: string,
  identify: Readonly<Record<string, unknown>> = {},
  claims: Claims = {},
): Promise<RelayClient> {
  const token = await tokenOf(clientId, claims);
  return RelayClient.identified(relayUrl, { clientId, token, groups: true, ...identify });
}
