import {
  DeadlineError,
  type FaultReason,
  LOST_KIND,
  SlotsExhaustedError,
  STARTING,
  StartingError,
} from '@postline/service-runtime';
import { isReadOnly, isTooManyConnections, serverErrno } from './mysql/sessions/sql-error.ts';

/** Why a database can't be used. Each code needs a different action by the operator. */
export type DatabaseReasonCode =
  | 'wrong_credentials'
  | 'auth_plugin'
  | 'missing_right'
  | 'unknown_database'
  | 'unknown_host'
  | 'connection_refused'
  | 'connection_lost'
  | 'timed_out'
  | 'tls'
  | 'too_many_connections'
  | 'read_only'
  | 'disk_full'
  | 'schema'
  | 'schema_too_new'
  | 'session_refused'
  | 'topology_refused'
  | 'not_ready'
  | 'overloaded'
  | 'other';

export interface DatabaseReason {
  readonly code: DatabaseReasonCode;
  /** A few words for a log, `/readyz`, or the last line before an exit. Contains no secret and no address. */
  readonly text: string;
  /** True if waiting does not help: a setting must be changed, in Postline or in the database. */
  readonly isLasting: boolean;
}

/** How many causes are followed: the store's error has the driver's error as its cause. */
const CAUSES_MAX = 5;

/** Finds names in the server's error texts. Only names with these characters are written to a log. */
const PLUGIN_NAME = /plugin ([\w-]{1,64})/;
const RIGHT = /^([A-Z][A-Z ,]{2,60}) command denied/;

const REFUSED = lasting('wrong_credentials', 'the database refused the user name or the password');
const EXPIRED = lasting('wrong_credentials', "the user's password at the database has expired");
const UNREACHABLE = passing('timed_out', 'the address of the database can not be reached');
const LOST = passing('connection_lost', 'the connection to the database was lost');
const NO_RIGHT = lasting('missing_right', 'the user lacks a right at the database');
const FULL = passing('disk_full', 'the disk of the database is full');

/** By the server's error number. */
const OF_SERVER: ReadonlyMap<number, DatabaseReason> = new Map([
  [1045, REFUSED],
  [1698, REFUSED], // no password was compared
  [3118, REFUSED], // the account is locked
  [3955, REFUSED], // the account is locked for a while
  [4150, REFUSED], // the account is locked, on MariaDB
  [4151, REFUSED],
  [1130, lasting('wrong_credentials', 'the database takes no connections from this host')],
  [1820, EXPIRED],
  [1862, EXPIRED],
  [1251, lasting('auth_plugin', "the user's way to sign in at the database is not supported")],
  [1524, lasting('auth_plugin', "the database lacks the plugin for the user's way to sign in")],
  [1049, lasting('unknown_database', 'the database that the URL names does not exist')],
  [1044, lasting('missing_right', 'the user has no right to use the database that the URL names')],
  [1142, NO_RIGHT], // on a table
  [1143, NO_RIGHT], // on a column
  [1227, NO_RIGHT], // an administrative right
  [1370, NO_RIGHT], // on a routine
  [1419, NO_RIGHT], // on triggers and functions, while the binary log is on
  [3159, lasting('tls', 'the database takes encrypted connections only: add ?ssl-mode=REQUIRED to its URL')],
  [1047, passing('not_ready', 'the database is not ready')], // a node of a cluster that has lost the others
  [1053, passing('connection_lost', 'the database is shutting down')],
  [1021, FULL],
  [1114, FULL],
]);

/** By the code of an error from Node, the driver or this package. */
const OF_CODE: ReadonlyMap<string, DatabaseReason> = new Map([
  ['ECONNREFUSED', passing('connection_refused', 'nothing listens at the address of the database')],
  ['ENOENT', passing('connection_refused', 'the socket of the database is not there')],
  ['EACCES', lasting('missing_right', 'the socket of the database may not be opened by this user')],
  ['ENOTFOUND', passing('unknown_host', 'the host of the database is not known')],
  ['EAI_AGAIN', passing('unknown_host', 'the host of the database could not be looked up')],
  ['ETIMEDOUT', UNREACHABLE],
  ['EHOSTUNREACH', UNREACHABLE],
  ['EHOSTDOWN', UNREACHABLE],
  ['ENETUNREACH', UNREACHABLE],
  ['ABORT_ERR', passing('timed_out', 'the database did not answer in time')],
  ['ECONNRESET', LOST],
  ['EPIPE', LOST],
  ['PROTOCOL_CONNECTION_LOST', LOST],
  ['connection_lost', LOST],
  ['HANDSHAKE_NO_SSL_SUPPORT', lasting('tls', 'the database offers no TLS, and its URL asks for it')],
  ['SQLITE_FULL', FULL],
  ['SQLITE_READONLY', passing('read_only', "the database's file can not be written")],
  ['SQLITE_BUSY', passing('timed_out', "another process holds the database's file")],
  ['SQLITE_IOERR', passing('other', "the disk of the database's file has errors")],
  ['SQLITE_CANTOPEN', passing('other', "the database's file can not be opened")],
]);

/**
 * Finds the reason in an error that the store, `migrate` or `openSession` rejected with. Of the error and its causes,
 * the innermost one with a known reason decides.
 */
export function databaseReason(error: unknown): DatabaseReason {
  let reason: DatabaseReason | undefined;
  let current = error;
  for (let depth = 0; depth <= CAUSES_MAX && current instanceof Error; depth += 1) {
    reason = reasonOf(current) ?? reason;
    current = current.cause;
  }
  return reason ?? passing('other', 'the database can not be used');
}

/** The same for a service's health, which distinguishes a starting database and a lost connection. */
export function describeDatabaseFault(error: unknown): FaultReason {
  if (error instanceof StartingError) return STARTING;
  const { code, text } = databaseReason(error);
  return { kind: code === 'connection_lost' ? LOST_KIND : code, text };
}

function reasonOf(error: Error): DatabaseReason | undefined {
  if (error instanceof DeadlineError) return passing('timed_out', 'the database did not answer in time');
  if (error instanceof SlotsExhaustedError) {
    return passing('overloaded', 'too many calls are waiting for a connection to the database');
  }
  if (isTooManyConnections(error)) {
    return passing('too_many_connections', 'the database allows no more connections');
  }
  if (isReadOnly(error)) return passing('read_only', 'the database takes no writes (it is read-only)');
  return ofServer(error) ?? ofCode(error);
}

function ofServer(error: Error): DatabaseReason | undefined {
  const reason = OF_SERVER.get(serverErrno(error) ?? 0);
  const right = reason === NO_RIGHT ? RIGHT.exec(error.message)?.[1] : undefined;
  return right === undefined ? reason : lasting('missing_right', `${NO_RIGHT.text} (${right})`);
}

function ofCode(error: Error): DatabaseReason | undefined {
  const code = 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'AUTH_SWITCH_PLUGIN_ERROR':
    case 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED':
      return ofPlugin(error);
    case 'HANDSHAKE_SSL_ERROR':
      return ofTls(error);
    case 'schema_version':
      return passing('schema', error.message);
    case 'schema_too_new':
      return lasting('schema_too_new', error.message);
    case 'session_refused':
    case 'topology_refused':
      return lasting(code, error.message);
    case 'node_not_ready':
      return passing('not_ready', `the database is not ready (${error.message})`);
    default:
      return OF_CODE.get(code.replace(/^(SQLITE_[A-Z]+)_.*/, '$1')); // SQLite's extended codes say more
  }
}

function ofPlugin(error: Error): DatabaseReason {
  const plugin = PLUGIN_NAME.exec(error.message)?.[1] ?? 'mysql_clear_password';
  return lasting('auth_plugin', `the user's way to sign in at the database is not supported (${plugin})`);
}

/** Node's texts about certificates. Node's error code can't be used, because the driver overwrites it. */
const CERTIFICATE_FAULTS: readonly (readonly [RegExp, string])[] = [
  [/does not match certificate/, 'its certificate is for another host'],
  [/expired/, 'its certificate has expired'],
  [/not yet valid/, 'its certificate is not valid yet'],
  [
    /self.signed|issuer|unable to verify|trusted|invalid CA/,
    'no authority that is trusted here signed its certificate',
  ],
];

function ofTls(error: Error): DatabaseReason {
  const fault = CERTIFICATE_FAULTS.find(([words]) => words.test(error.message))?.[1];
  if (fault !== undefined) return lasting('tls', `TLS with the database failed: ${fault}`);
  // A server that shuts down during the handshake looks the same as one that speaks another TLS version.
  return passing('tls', 'TLS with the database failed');
}

function passing(code: DatabaseReasonCode, text: string): DatabaseReason {
  return { code, text, isLasting: false };
}

function lasting(code: DatabaseReasonCode, text: string): DatabaseReason {
  return { code, text, isLasting: true };
}
