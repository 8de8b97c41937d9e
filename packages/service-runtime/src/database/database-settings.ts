import { z } from 'zod';
import { caFileSetting } from '../settings/certificate-file.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { fileSetting, integerSetting } from '../settings/settings.ts';

/** A database's URL, kept as text; the parameters behind its `?` are checked. */
export const databaseUrlSetting = z.string().superRefine((text, context) => {
  const parsed = parseDatabaseUrl(text);
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.error });
});

/** More connections than one process needs on any server. */
const CONNECTIONS_MAX = 1_000;

const HOUR_MS = 3_600_000;

/** The address of the database, and how many connections each process opens. */
export const databaseSettings = {
  DATABASE_URL: databaseUrlSetting.optional().meta({
    description:
      'MySQL or MariaDB: `mysql://user:password@host:port/database`, with [parameters](database-connection.md) for TLS or a Unix socket.',
  }),
  DATABASE_URL_FILE: fileSetting()
    .pipe(databaseUrlSetting)
    .optional()
    .meta({ description: 'Or a file that contains it, as secrets are mounted.' }),
  DATABASE_CA_FILE: caFileSetting().optional().meta({
    description:
      "PEM file with the authorities that may have signed the database's certificate, in place of the system's. TLS is then used, with `VERIFY_IDENTITY` where the URL has no `ssl-mode`.",
  }),
  DATABASE_WRITE_CONNECTIONS_MAX: integerSetting({ from: 1, to: CONNECTIONS_MAX, default: 4 }).meta({
    description:
      'Connections of each process for publishing (the API). Where the server allows few, [fewer](database-connection.md#how-many-connections).',
  }),
  DATABASE_READ_CONNECTIONS_MAX: integerSetting({ from: 1, to: CONNECTIONS_MAX, default: 8 }).meta({
    description: 'Connections of each process for reading (both services).',
  }),
  DATABASE_SAVE_CONNECTIONS_MAX: integerSetting({ from: 1, to: CONNECTIONS_MAX, default: 2 }).meta({
    description: 'Connections of each process for acks (the relay) and retention (the API).',
  }),
  DATABASE_CONNECTION_IDLE_MS: integerSetting({ from: 100, to: HOUR_MS, default: 5_000 }).meta({
    description: 'Milliseconds after which an unused connection to the database is closed.',
  }),
  DATABASE_CONNECTION_AGE_MS_MAX: integerSetting({ from: 1_000, to: 24 * HOUR_MS, default: 20_000 }).meta({
    description:
      'Milliseconds after which a connection to the database is replaced, used or not: the longest time until a service notices that the database moved behind its address.',
  }),
};

type DatabaseEnvironment = z.output<z.ZodObject<Omit<typeof databaseSettings, 'DATABASE_URL_FILE'>>>;

/** Options of a store's connections, other than the URL. */
export function databaseConnections(env: DatabaseEnvironment) {
  return {
    databaseCa: env.DATABASE_CA_FILE,
    writerConnectionsMax: env.DATABASE_WRITE_CONNECTIONS_MAX,
    readerConnectionsMax: env.DATABASE_READ_CONNECTIONS_MAX,
    saverConnectionsMax: env.DATABASE_SAVE_CONNECTIONS_MAX,
    connectionIdleMs: env.DATABASE_CONNECTION_IDLE_MS,
    connectionAgeMsMax: env.DATABASE_CONNECTION_AGE_MS_MAX,
  };
}

interface DatabaseUrls {
  readonly DATABASE_URL?: string | undefined;
  readonly DATABASE_URL_FILE?: string | undefined;
  readonly DATABASE_MIGRATION_URL?: string | undefined;
  readonly DATABASE_MIGRATION_URL_FILE?: string | undefined;
  readonly DATABASE_CA_FILE?: string | undefined;
}

/** Refuses an authority for a connection without TLS: one of the two settings is a mistake. */
export function checkDatabaseTls(settings: DatabaseUrls, context: z.core.$RefinementCtx): void {
  if (settings.DATABASE_CA_FILE === undefined) return;
  const names = [
    'DATABASE_URL',
    'DATABASE_URL_FILE',
    'DATABASE_MIGRATION_URL',
    'DATABASE_MIGRATION_URL_FILE',
  ] as const;
  for (const name of names) {
    const parsed = parseDatabaseUrl(settings[name] ?? '');
    if (!parsed.ok || parsed.value.tls !== 'off') continue;
    context.addIssue({
      code: 'custom',
      path: ['DATABASE_CA_FILE'],
      message: `is set, but ${name} turns TLS off`,
    });
  }
}
