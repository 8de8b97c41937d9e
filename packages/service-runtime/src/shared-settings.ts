import { z } from 'zod';
import { parseTrustedProxies } from './http/client-address.ts';
import { checkDatabaseTls, databaseSettings, databaseUrlSetting } from './database/database-settings.ts';
import { defaultOriginRules, type OriginRules, parseOriginRules, withoutNullOrigin } from './http/origins.ts';
import { memorySettings } from './memory/process-memory.ts';
import { checkDrain, type DrainSettings, drainSettings } from './process/drain-period.ts';
import { workerSettings } from './process/worker-processes.ts';
import { checkRedisAccess, redisSettings } from './redis/redis-settings.ts';
import { tracingSettings } from './tracing/tracing-settings.ts';
import { fileSetting, integerSetting, portSetting, yesNoSetting } from './settings/settings.ts';

/** Settings of every service, by the name of the environment variable. */
export const sharedSettings = {
  NODE_ENV: z.string().optional().meta({ description: '`production` makes `AUTH` default to `required`.' }),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'must be fatal, error, warn, info, debug, trace or silent',
    })
    .default('info')
    .meta({ description: 'The least severe level that is logged.' }),
  AUTH: z.enum(['open', 'required'], { error: 'must be open or required' }).optional().meta({
    description:
      '`open`: anyone who reaches the ports may publish and listen. Default: `required` with `NODE_ENV=production`, else `open`.',
  }),
  ALLOW_OPEN_IN_PRODUCTION: yesNoSetting().optional().meta({
    description:
      '`yes`: `AUTH=open` is meant, although `NODE_ENV=production`. Without it the start is refused.',
  }),
  ALLOWED_ORIGINS: z
    .string()
    .transform((text, context) => {
      const rules = parseOriginRules(text);
      if (rules.ok) return rules.value;
      context.addIssue({ code: 'custom', message: rules.error });
      return z.NEVER;
    })
    .optional()
    .meta({
      description:
        'Comma-separated origins of pages and apps that may use the service (`https://shop.example`, `capacitor://localhost`, `chrome-extension://…`, `file://`), compared as text; `*` only for the port of localhost or 127.0.0.1. Default where `AUTH=open`: `http://localhost:*,http://127.0.0.1:*,null` (`null`: a page opened from disk); else none.',
    }),
  ALLOW_NULL_ORIGIN: yesNoSetting().optional().meta({
    description:
      '`no`: `null` is not among the allowed origins, also where `AUTH=open` has it by default or `ALLOWED_ORIGINS` names it. Pages opened from disk send it, and so does a frame that any website puts in a sandbox. Default: yes.',
  }),
  ALLOWED_HOSTS: z
    .string()
    .transform((text) => text.split(',').map((host) => host.trim().toLowerCase()))
    .default([])
    .meta({
      description:
        'Comma-separated names under which an open service may be called, beside localhost, IP addresses and names without a dot.',
    }),
  TRUSTED_PROXIES: z
    .string()
    .transform((text, context) => {
      const proxies = parseTrustedProxies(text);
      if (proxies.ok) return proxies.value;
      context.addIssue({ code: 'custom', message: proxies.error });
      return z.NEVER;
    })
    .optional()
    .meta({
      description:
        'Comma-separated addresses and networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is believed. Not set: no proxy is believed, and limits for each address count the address of the connection.',
    }),
  ...memorySettings,
  SHUTDOWN_DEADLINE_MS: integerSetting({ from: 1_000, to: 600_000, default: 12_000 }).meta({
    description: 'Milliseconds from SIGTERM to the exit, whatever is still open then.',
  }),
  ...drainSettings,
  ...tracingSettings,
};

/** Settings of a service in processes of its own, beside those of the service. `port`: its default. */
export function processSettings(service: string, port: number) {
  return {
    ...workerSettings,
    HOST: z.string().default('127.0.0.1').meta({ description: 'Address to listen on.' }),
    PORT: portSetting(port).meta({ description: `Port of ${service}.` }),
  };
}

/** The database and Redis: both or neither. */
export const backendSettings = {
  ...databaseSettings,
  ...redisSettings,
};

/**
 * Settings of a process that migrates. With a user for migrations, the services' own user needs no right to change the
 * schema.
 */
export const migrationSettings = {
  DATABASE_MIGRATION_URL: databaseUrlSetting.optional().meta({
    description:
      'The same database as a user that may change its schema, for the migrations at the start. Default: `DATABASE_URL`, whose user then needs that right.',
  }),
  DATABASE_MIGRATION_URL_FILE: fileSetting()
    .pipe(databaseUrlSetting)
    .optional()
    .meta({ description: 'Or: a file that holds it.' }),
};

interface ServerUrls {
  readonly DATABASE_URL?: string | undefined;
  readonly DATABASE_URL_FILE?: string | undefined;
  readonly DATABASE_CA_FILE?: string | undefined;
  readonly REDIS_URL?: string | undefined;
  readonly REDIS_URL_FILE?: string | undefined;
  readonly REDIS_CA_FILE?: string | undefined;
  readonly REDIS_SENTINEL_PASSWORD?: string | undefined;
  readonly REDIS_SENTINEL_PASSWORD_FILE?: string | undefined;
  readonly DATABASE_MIGRATION_URL?: string | undefined;
  readonly DATABASE_MIGRATION_URL_FILE?: string | undefined;
}

/** The URLs that apply, wherever each was given. */
export function effectiveUrls(settings: ServerUrls) {
  const databaseUrl = settings.DATABASE_URL ?? settings.DATABASE_URL_FILE;
  return {
    databaseUrl,
    redisUrl: settings.REDIS_URL ?? settings.REDIS_URL_FILE,
    migrationUrl: settings.DATABASE_MIGRATION_URL ?? settings.DATABASE_MIGRATION_URL_FILE ?? databaseUrl,
  };
}

const GIVEN_ONCE = [
  'DATABASE_URL',
  'REDIS_URL',
  'REDIS_SENTINEL_PASSWORD',
  'DATABASE_MIGRATION_URL',
] as const;

/** Refuses what is set both directly and by a file: the two could differ. */
function checkGivenOnce(settings: ServerUrls, context: z.core.$RefinementCtx): void {
  for (const name of GIVEN_ONCE) {
    if (settings[name] === undefined || settings[`${name}_FILE`] === undefined) continue;
    context.addIssue({ code: 'custom', path: [`${name}_FILE`], message: `can't be set beside ${name}` });
  }
}

/**
 * Names the server that is missing. One of the two alone never falls back to an embedded kind; with `both` neither
 * may be left out.
 */
function checkServerUrls(
  settings: ServerUrls,
  context: z.core.$RefinementCtx,
  needed: 'both' | 'both-or-none',
) {
  const { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL } = effectiveUrls(settings);
  if (needed === 'both-or-none' && DATABASE_URL === undefined && REDIS_URL === undefined) return;
  const missing = { DATABASE_URL, REDIS_URL };
  for (const [name, value] of Object.entries(missing)) {
    const isFileWrong = context.issues.some(({ path }) => path?.[0] === `${name}_FILE`);
    if (value !== undefined || isFileWrong) continue;
    const message = needed === 'both' ? 'is required' : 'is required too: both real servers, or neither';
    context.addIssue({ code: 'custom', path: [name], message });
  }
}

/** Shown at the start and in `/readyz`, so that operators notice that a service is open. */
export const OPEN_MODE_WARNING =
  'AUTH=open: anyone who reaches this port may publish, and may listen as any client';

interface AuthSettings {
  readonly NODE_ENV?: string | undefined;
  readonly AUTH?: 'open' | 'required' | undefined;
  readonly ALLOW_OPEN_IN_PRODUCTION?: boolean | undefined;
}

/** The mode that applies: a service in production is open only where `AUTH` says so. */
export function effectiveAuth(settings: AuthSettings): 'open' | 'required' {
  return settings.AUTH ?? (settings.NODE_ENV === 'production' ? 'required' : 'open');
}

interface OriginSettings extends AuthSettings {
  readonly ALLOWED_ORIGINS?: OriginRules | undefined;
  readonly ALLOW_NULL_ORIGIN?: boolean | undefined;
}

/** The origins that apply. */
export function effectiveOriginRules(settings: OriginSettings): OriginRules {
  const rules = settings.ALLOWED_ORIGINS ?? defaultOriginRules(effectiveAuth(settings));
  return settings.ALLOW_NULL_ORIGIN === false ? withoutNullOrigin(rules) : rules;
}

/** Being open in production takes two settings, so that one mistake does not cause it. */
function checkAuth(settings: AuthSettings, context: z.core.$RefinementCtx): void {
  const { NODE_ENV, AUTH, ALLOW_OPEN_IN_PRODUCTION = false } = settings;
  if (NODE_ENV !== 'production' || AUTH !== 'open' || ALLOW_OPEN_IN_PRODUCTION) return;
  const message = 'open with NODE_ENV=production needs ALLOW_OPEN_IN_PRODUCTION=yes';
  context.addIssue({ code: 'custom', path: ['AUTH'], message });
}

/** Adds faults that only several variables show together. It runs even if one of them is wrong. */
type TogetherCheck<Settings> = (settings: Settings, context: z.core.$RefinementCtx) => void;

/**
 * Adds the checks that concern several variables: those of every service, and `further` ones. All run even if a variable
 * is wrong, so that all faults are reported at once. `servers`: whether the process can run without the two real servers.
 */
export function checkTogether<Schema extends z.ZodType<ServerUrls & AuthSettings & DrainSettings>>(
  schema: Schema,
  servers: 'both' | 'both-or-none',
  ...further: readonly TogetherCheck<z.output<Schema>>[]
): Schema {
  return schema.superRefine(
    (settings, context) => {
      checkGivenOnce(settings, context);
      checkServerUrls(settings, context, servers);
      checkRedisAccess(settings, effectiveUrls(settings).redisUrl, context);
      checkDatabaseTls(settings, context);
      checkAuth(settings, context);
      checkDrain(settings, context);
      for (const check of further) check(settings, context);
    },
    { when: () => true },
  );
}
