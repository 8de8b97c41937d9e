import { effectiveAuth, fileSetting, integerSetting } from '@postline/service-runtime';
import { z } from 'zod';
import { SECRET_BYTES_MIN, secretWeakness } from './secret-weakness.ts';

const HOW_TO_MAKE_ONE = '`openssl rand -base64 48` makes one';
/** A month: longer, and a key that was withdrawn while nobody could hear of it would count for good. */
const KEEP_SECONDS_MAX = 30 * 86_400;

function addWeakness(secret: string, context: z.core.$RefinementCtx): void {
  const weakness = secretWeakness(secret);
  if (weakness !== undefined)
    context.addIssue({ code: 'custom', message: `${weakness}; ${HOW_TO_MAKE_ONE}` });
}

/** Where keys may be fetched from: nobody on the way may exchange them. */
function isKeyAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** How clients' tokens are checked, by the name of the environment variable. */
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
    .meta({ description: 'File that holds the secret instead; line ends at its end do not count.' }),
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
    description: 'Seconds for which keys that were fetched are used while their address does not answer.',
  }),
  CLIENT_TOKEN_ISSUER: z
    .string()
    .optional()
    .meta({ description: 'The `iss` that a client token must have. Default: any.' }),
  CLIENT_TOKEN_AUDIENCE: z
    .string()
    .optional()
    .meta({ description: 'What the `aud` of a client token must be or hold. Default: any.' }),
};

type ClientTokenEnvironment = z.output<z.ZodObject<typeof clientTokenEnvironment>>;

interface AuthEnvironment {
  readonly NODE_ENV?: string | undefined;
  readonly AUTH?: 'open' | 'required' | undefined;
}

const KEY_VARIABLES = ['CLIENT_TOKEN_SECRET', 'CLIENT_TOKEN_SECRET_FILE', 'CLIENT_TOKEN_JWKS_URL'] as const;

/** Where authentication is required there must be exactly one key to check tokens with. */
export function checkClientTokens(
  settings: AuthEnvironment & Partial<ClientTokenEnvironment>,
  context: z.core.$RefinementCtx,
): void {
  const isWrong = (name: string) => context.issues.some(({ path }) => path?.[0] === name);
  if (isWrong('AUTH') || effectiveAuth(settings) === 'open') return;
  const [first, second] = KEY_VARIABLES.filter((name) => settings[name] !== undefined || isWrong(name));
  if (first === undefined) {
    const message = 'is required where AUTH=required; or CLIENT_TOKEN_SECRET_FILE, or CLIENT_TOKEN_JWKS_URL';
    context.addIssue({ code: 'custom', path: ['CLIENT_TOKEN_SECRET'], message });
  } else if (second !== undefined) {
    const message = `only one way to check tokens may be set, and ${first} is set too`;
    context.addIssue({ code: 'custom', path: [second], message });
  }
}

/** What tokens are checked with. */
export type ClientTokenKey =
  | { readonly kind: 'secret'; readonly secret: string }
  | {
      readonly kind: 'jwks';
      readonly url: string;
      /** Milliseconds for which keys count while their address does not answer. */
      readonly keepMs: number;
    };

export interface ClientTokenSettings {
  readonly key: ClientTokenKey;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

/** How tokens are checked; `undefined` where nobody needs one. */
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
