import { z } from 'zod';
import { caFileSetting } from '../settings/ca-file.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { fileSetting, integerSetting } from '../settings/settings.ts';

/** A database's URL, kept as text; the parameters behind its `?` are checked. */
export const databaseUrlSetting = z.string().superRefine((text, context) => {
  const parsed = parseDatabaseUrl(text);
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.error });
});

/** More connections than any server of ours would be given. */
const CONNECTIONS_MAX = 1_000;

const HOUR_MS = 3_600_000;

/** Where the database is, and how many connections each process has to it. */
export const databaseSettings = {
  DATABASE_URL: databaseUrlSetting.optional().meta({
    description:
      'MySQL or MariaDB: `mysql://user:password@host:port/database`, with [parameters](database-connection.md) for TLS or a Unix socket.',
  }),
  DATABASE_URL_FILE: fileSetting()
    .pipe(databaseUrlSetting)
    .optional()
    .meta({ description: 'Or: a file that holds it, as secrets are mounted.' }),
  DATABASE_CA_FILE: caFileSetting().optional().meta({
    description:
      "PEM file with the authorities that may have signed the database's certificate, in place of the system's. TLS is then used, with `VERIFY_IDENTITY` where the URL has no `ssl-mode`.",
  }),
  DATABASE_WRITE_CONNECTIONS_MAX: integerSetting({ from: 1, to: CONNECTIONS_MAX, default: 4 }).meta({
    description:
      'Connections of each process for publishing (the API). With few allowed by the server, [less](database-connection.md#how-many-connections).',
  }),
  DATABASE_READ_CONNECTIONS_MAX: integerSetting({ from: 1, to: CONNECTIONS_MAX, default: 8 }).meta({
    description: 'Connections of each process for reading (both services).',
  }),
  DATABASE_SAVE_CONNECTIONS_MAX: integerSetting({ from: 1, to: CONNECTIONS_MAX, default: 2 }).meta({
    description: 'Connections of each process for acks (the relay) and retention (the API).',
  }),
  DATABASE_CONNECTION_IDLE_MS: integerSetting({ from: 100, to: HOUR_MS, default: 5_000 }).meta({
    description: 'Milliseconds after which a connection to the database that nobody used is closed.',
  }),
  DATABASE_CONNECTION_AGE_MS_MAX: integerSetting({ from: 1_000, to: 24 * HOUR_MS, default: 20_000 }).meta({
    description:
      'Milliseconds after which a connection to the database is made anew, used or not: for so long a database that moved behind its address is not noticed.',
  }),
};

type DatabaseEnvironment = z.output<z.ZodObject<Omit<typeof databaseSettings, 'DATABASE_URL_FILE'>>>;

/** How a store connects, beside the URL. */
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

/** An authority for a connection that is not encrypted is a mistake in one of the two. */
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
      message: `is set, and ${name} turns TLS off`,
    });
  }
}
