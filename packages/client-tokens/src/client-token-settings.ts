import { effectiveAuth, fileSetting, integerSetting } from '@postline/service-runtime';
import { z } from 'zod';
import { SECRET_BYTES_MIN, secretWeakness } from './secret-weakness.ts';

const HOW_TO_MAKE_ONE = '`openssl rand -base64 48` makes one';
/** A month. Keys that were revoked during an outage of their address must not stay valid for good. */
const KEEP_SECONDS_MAX = 30 * 86_400;

function addWeakness(secret: string, context: z.core.$RefinementCtx): void {
  const weakness = secretWeakness(secret);
  if (weakness !== undefined)
    context.addIssue({ code: 'custom', message: `${weakness}; ${HOW_TO_MAKE_ONE}` });
}

/** Whether keys may be fetched from this address: without TLS, an attacker on the way could replace them. */
function isKeyAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** Settings for checking client tokens, by the name of the environment variable. */
export const clientTokenEnvironment = {
  CLIENT_TOKEN_SECRET: z
    .string()
    .superRefine(addWeakness)
    .optional()
    .meta({
      description: `Secret that client tokens are signed with (HS256), at least ${SECRET_BYTES_MIN} bytes; ${HOW_TO_MAKE_ONE}. Where \`AUTH=required\`: this, the file, or \`CLIENT_TOKEN_JWKS_URL\`.`,
    }),
  CLIENT_TOKEN_SECRET_FILE: fileSetting()
    .superRefine(addWeakness)
    .optional()
    .meta({ description: 'Or a file that contains the secret; line ends at its end are ignored.' }),
  CLIENT_TOKEN_JWKS_URL: z
    .string()
    .refine(isKeyAddress, {
      error: 'must be a URL that starts with https:// (http:// on loopback only), without a user',
    })
    .optional()
    .meta({
      description:
        'Address of the public keys that client tokens are signed with (RS256, ES256, EdDSA): `https:`, or `http:` on loopback.',
    }),
  CLIENT_TOKEN_JWKS_KEEP_SECONDS: integerSetting({ from: 0, to: KEEP_SECONDS_MAX, default: 14_400 }).meta({
    description: 'Seconds for which fetched keys stay valid while their address does not answer.',
  }),
  CLIENT_TOKEN_ISSUER: z
    .string()
    .optional()
    .meta({ description: 'The `iss` that a client token must have. Default: any.' }),
  CLIENT_TOKEN_AUDIENCE: z
    .string()
    .optional()
    .meta({ description: 'The `aud` that a client token must have. Default: any.' }),
};

type ClientTokenEnvironment = z.output<z.ZodObject<typeof clientTokenEnvironment>>;

interface AuthEnvironment {
  readonly NODE_ENV?: string | undefined;
  readonly AUTH?: 'open' | 'required' | undefined;
}

const KEY_VARIABLES = ['CLIENT_TOKEN_SECRET', 'CLIENT_TOKEN_SECRET_FILE', 'CLIENT_TOKEN_JWKS_URL'] as const;

/** If authentication is required, exactly one way to check tokens must be set. */
export function checkClientTokens(
  settings: AuthEnvironment & Partial<ClientTokenEnvironment>,
  context: z.core.$RefinementCtx,
): void {
  const isWrong = (name: string) => context.issues.some(({ path }) => path?.[0] === name);
  if (isWrong('AUTH') || effectiveAuth(settings) === 'open') return;
  const [first, second] = KEY_VARIABLES.filter((name) => settings[name] !== undefined || isWrong(name));
  if (first === undefined) {
    const message =
      'is required where AUTH=required, unless CLIENT_TOKEN_SECRET_FILE or CLIENT_TOKEN_JWKS_URL is set';
    context.addIssue({ code: 'custom', path: ['CLIENT_TOKEN_SECRET'], message });
  } else if (second !== undefined) {
    const message = `only one way to check tokens may be set, and ${first} is set too`;
    context.addIssue({ code: 'custom', path: [second], message });
  }
}

/** The key, or the address of the keys, that verifies tokens. */
export type ClientTokenKey =
  | { readonly kind: 'secret'; readonly secret: string }
  | {
      readonly kind: 'jwks';
      readonly url: string;
      /** Milliseconds for which keys stay valid while their address does not answer. */
      readonly keepMs: number;
    };

export interface ClientTokenSettings {
  readonly key: ClientTokenKey;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

/** How tokens are checked; `undefined` if clients need none. */
export function clientTokenSettings(
  env: AuthEnvironment & ClientTokenEnvironment,
): ClientTokenSettings | undefined {
  if (effectiveAuth(env) === 'open') return undefined;
  const key = clientTokenKey(env);
  return key && { key, issuer: env.CLIENT_TOKEN_ISSUER, audience: env.CLIENT_TOKEN_AUDIENCE };
}

function clientTokenKey(env: ClientTokenEnvironment): ClientTokenKey | undefined {
  const secret = env.CLIENT_TOKEN_SECRET ?? env.CLIENT_TOKEN_SECRET_FILE;
  if (secret !== undefined) return { kind: 'secret', secret };
  const url = env.CLIENT_TOKEN_JWKS_URL;
  return url === undefined
    ? undefined
    : { kind: 'jwks', url, keepMs: env.CLIENT_TOKEN_JWKS_KEEP_SECONDS * 1_000 };
}
