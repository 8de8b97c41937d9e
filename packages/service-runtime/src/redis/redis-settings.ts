import { z } from 'zod';
import { caFileSetting } from '../settings/certificate-file.ts';
import { fileSetting } from '../settings/settings.ts';
import { parseRedisLocation, usesTls } from './redis-location.ts';

const redisUrl = z.string().superRefine((text, context) => {
  const parsed = parseRedisLocation(text);
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.error });
});

/** The address of Redis, and what is needed to connect to it. */
export const redisSettings = {
  REDIS_URL: redisUrl.optional().meta({
    description:
      'Redis: `redis://[user:password@]host:port[/db]`, `rediss://` for TLS, `redis+unix:///path` for a Unix socket, `redis+sentinel://[user:password@]host:port,host:port/<master name>` for the master that sentinels name, `redis+cluster://[user:password@]host:port,host:port` for a cluster; the last two with TLS as `rediss+…` ([all forms](operating.md#redis_url)).',
  }),
  REDIS_URL_FILE: fileSetting().pipe(redisUrl).optional().meta({ description: 'Or: a file that holds it.' }),
  REDIS_CA_FILE: caFileSetting().optional().meta({
    description:
      'PEM file with the certificates of a private authority, by which alone the certificates of Redis and of sentinels are verified (with TLS: `rediss://`, `rediss+…`).',
  }),
  REDIS_SENTINEL_PASSWORD: z.string().optional().meta({
    description:
      'Password of the sentinels themselves (`requirepass` in their configuration). User and password in `REDIS_URL` are those of the servers. Default: none.',
  }),
  REDIS_SENTINEL_PASSWORD_FILE: fileSetting().optional().meta({ description: 'Or: a file that holds it.' }),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\x21-\x7e]{0,64}$/, { error: 'must be at most 64 visible ASCII characters' })
    .default('')
    .meta({ description: 'Put before every channel and key: keeps two deployments on one Redis apart.' }),
};

interface RedisEnvironment {
  readonly REDIS_CA_FILE?: string | undefined;
  readonly REDIS_SENTINEL_PASSWORD?: string | undefined;
  readonly REDIS_SENTINEL_PASSWORD_FILE?: string | undefined;
}

/** Options of a bus, other than the URL. */
export function redisConnections(env: RedisEnvironment & { readonly REDIS_PREFIX: string }) {
  return { ca: env.REDIS_CA_FILE, sentinelPassword: sentinelPasswordOf(env), prefix: env.REDIS_PREFIX };
}

/** Refuses settings that have no effect with this URL: an operator would believe that they have. */
export function checkRedisAccess(
  settings: RedisEnvironment,
  url: string | undefined,
  context: z.core.$RefinementCtx,
): void {
  const parsed = parseRedisLocation(url ?? '');
  if (!parsed.ok) return; // it is missing or wrong, and reported
  const refuse = (name: string, message: string) => {
    context.addIssue({ code: 'custom', path: [name], message });
  };
  if (settings.REDIS_CA_FILE !== undefined && !usesTls(parsed.value))
    refuse('REDIS_CA_FILE', 'requires TLS, but REDIS_URL does not use it: it must start with rediss://');
  if (sentinelPasswordOf(settings) === undefined || parsed.value.kind === 'sentinel') return;
  const name =
    settings.REDIS_SENTINEL_PASSWORD === undefined
      ? 'REDIS_SENTINEL_PASSWORD_FILE'
      : 'REDIS_SENTINEL_PASSWORD';
  refuse(name, 'is for sentinels, but REDIS_URL names none: it must start with redis+sentinel://');
}

function sentinelPasswordOf(env: RedisEnvironment): string | undefined {
  return env.REDIS_SENTINEL_PASSWORD ?? env.REDIS_SENTINEL_PASSWORD_FILE;
}
