import type { Result } from '../structures/result.ts';
import { type DatabaseParameters, readDatabaseParameters } from './database-parameters.ts';

/** The content of a `DATABASE_URL`: where the database is, and how to connect. */
export interface DatabaseAddress extends DatabaseParameters {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

const PORT = 3306;

const NOT_A_URL =
  'must be a URL that starts with mysql:// (with % codes for special characters in a password)';

/**
 * Parses `mysql://user:password@host:port/database?parameters`. An unknown parameter is an error, because it may be the
 * one that requires TLS. Reads the files that parameters name. The error repeats no values: they may be secrets.
 */
export function parseDatabaseUrl(text: string): Result<DatabaseAddress> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const parts = url === undefined ? undefined : decoded(url);
  if (url?.protocol !== 'mysql:' || parts === undefined) return { ok: false, error: NOT_A_URL };
  if (parts.database === '') {
    return { ok: false, error: 'must name a database: mysql://user:password@host:port/database' };
  }
  if (url.hash !== '') return { ok: false, error: 'has a # in it: write it as %23' };
  const parameters = readDatabaseParameters(url.searchParams);
  if (!parameters.ok) return parameters;
  const error = hostFault(parts.host, parameters.value.socketPath);
  return error === undefined ? { ok: true, value: { ...parts, ...parameters.value } } : { ok: false, error };
}

function hostFault(host: string, socketPath: string | undefined): string | undefined {
  if (socketPath !== undefined) {
    return LOCAL_HOSTS.has(host) ? undefined : 'names a socket of this machine and another host';
  }
  return host === '' ? 'must name a host: mysql://user:password@host:port/database' : undefined;
}

/** As a URL that names a socket is written by different programs. */
const LOCAL_HOSTS: ReadonlySet<string> = new Set(['', 'localhost', '127.0.0.1', '::1']);

function decoded(url: URL): Omit<DatabaseAddress, keyof DatabaseParameters> | undefined {
  try {
    return {
      host: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''),
      port: url.port === '' ? PORT : Number(url.port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)),
    };
  } catch {
    return undefined; // a % that begins no code
  }
}
