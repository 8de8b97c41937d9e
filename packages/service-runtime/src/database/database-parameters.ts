import { isAbsolute } from 'node:path';
import type { Result } from '../structures/result.ts';
import { combineTls, type DatabaseTls, type TlsStatement, tlsStatementOf } from './database-tls.ts';

/** The query parameters of a database URL. */
export interface DatabaseParameters {
  /** The server's Unix socket on this machine; undefined: TCP. */
  readonly socketPath: string | undefined;
  /** `off`: a parameter turns TLS off. Undefined: no parameter is about TLS, which means no TLS either. */
  readonly tls: DatabaseTls | 'off' | undefined;
}

const SOCKET_NAMES: ReadonlySet<string> = new Set(['socketpath', 'socket', 'unixsocket']);

/** Parameters of other clients whose only accepted value is how this service works anyway. */
const FIXED: ReadonlyMap<string, RegExp> = new Map([
  ['charset', /^utf-?8(mb4)?$/i],
  ['characterencoding', /^utf-?8(mb4)?$/i],
  ['timezone', /^(z|utc|[ +]00:00)$/i],
  ['servertimezone', /^(z|utc|[ +]00:00)$/i],
]);

const POOL_ADVICE = 'DATABASE_READ_CONNECTIONS_MAX and similar settings bound the connections';
const TIME_ADVICE = 'the service has its own deadlines';

/** Parameters that are refused with advice. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['connectionlimit', POOL_ADVICE],
  ['maxconnections', POOL_ADVICE],
  ['poolsize', POOL_ADVICE],
  ['maxpoolsize', POOL_ADVICE],
  ['pooltimeout', TIME_ADVICE],
  ['connecttimeout', TIME_ADVICE],
  ['connectiontimeout', TIME_ADVICE],
  ['sockettimeout', TIME_ADVICE],
  ['timeout', TIME_ADVICE],
]);

/** Longer than any real name; a longer one may be part of a password. */
const NAME_THAT_MAY_BE_SHOWN = /^[\w.-]{1,40}$/;

/** The meaning of one parameter, or why it is refused. */
type Statement =
  | TlsStatement
  | { readonly socketPath: string }
  | 'nothing new'
  | { readonly refusal: string };

/**
 * Reads names in any case, with `-`, `_` or nothing between the words: every client library writes them differently.
 */
export function readDatabaseParameters(parameters: URLSearchParams): Result<DatabaseParameters> {
  const errors: string[] = [];
  const statements: TlsStatement[] = [];
  const seen = new Map<string, string>();
  let socketPath: string | undefined;
  for (const [writtenName, value] of parameters) {
    const name = writtenName.toLowerCase().replace(/[-_]/g, '');
    const isOtherTwin = seen.has(name) && seen.get(name) !== value;
    seen.set(name, value);
    const statement = isOtherTwin ? { refusal: 'is given twice' } : statementOf(name, value, writtenName);
    if (statement === 'nothing new') continue;
    if ('socketPath' in statement) socketPath = statement.socketPath;
    else if ('use' in statement) statements.push(statement);
    else errors.push(`${shownName(writtenName)} ${statement.refusal}`);
  }
  const tls = combineTls(statements);
  if (typeof tls === 'object' && 'error' in tls) errors.push(tls.error);
  else if (errors.length === 0) return { ok: true, value: { socketPath, tls } };
  return { ok: false, error: errors.join('; ') };
}

function statementOf(name: string, value: string, writtenName: string): Statement {
  if (SOCKET_NAMES.has(name)) {
    return isAbsolute(value)
      ? { socketPath: value }
      : { refusal: "must be the whole path of the server's socket" };
  }
  const fixed = FIXED.get(name);
  if (fixed?.test(value) === true) return 'nothing new';
  if (fixed !== undefined) return { refusal: 'can only be utf8mb4 (charset) or UTC (timezone) here' };
  const tls = tlsStatementOf(name, value);
  if (tls === undefined) return { refusal: unknown(name) };
  return typeof tls === 'string' ? { refusal: tls } : { ...tls, name: writtenName };
}

function shownName(name: string): string {
  return NAME_THAT_MAY_BE_SHOWN.test(name) ? `the parameter ${name}` : 'a parameter';
}

function unknown(name: string): string {
  const advice = ADVICE.get(name);
  if (advice !== undefined) return `is not supported: ${advice}`;
  return 'is unknown (docs/database-connection.md lists the known ones)';
}
