import { ServerReadOnlyError } from './server-facts.ts';

/** The driver's error for a failed statement. It has an `errno` if the server answered. */
export interface SqlError extends Error {
  readonly errno: number;
  readonly sqlState: string;
}

/** Server errors by number. MySQL and MariaDB use the same numbers if both have the error. */
export const SQL_ERRORS = {
  duplicateKey: 1062,
  accessDenied: 1142,
  noSuchTable: 1146,
  lockWaitTimeout: 1205,
  deadlock: 1213,
  wrongStringValue: 1366,
  checkViolatedMysql: 3819,
  checkViolatedMariadb: 4025,
} as const;

/** The server, or a limit of the user, has no room for another connection. */
const TOO_MANY_CONNECTIONS: ReadonlySet<number> = new Set([1040, 1203, 1226]);

/** The server takes no writes: `read_only`, InnoDB in read-only mode, read-only transactions. */
const READ_ONLY: ReadonlySet<number> = new Set([1290, 1792, 1836]);

/** True if the server answered a statement with an error: the connection works, and can roll back. */
export function isSqlError(error: unknown): error is SqlError {
  return (
    error instanceof Error &&
    'errno' in error &&
    typeof error.errno === 'number' &&
    'sqlState' in error &&
    typeof error.sqlState === 'string' &&
    !('fatal' in error && error.fatal === true)
  );
}

export function hasErrno(error: unknown, errno: number): error is SqlError {
  return isSqlError(error) && error.errno === errno;
}

const ROW_ERRORS: ReadonlySet<number> = new Set([
  SQL_ERRORS.duplicateKey,
  SQL_ERRORS.wrongStringValue,
  SQL_ERRORS.checkViolatedMysql,
  SQL_ERRORS.checkViolatedMariadb,
]);

/** SQLSTATE classes of errors caused by values: data exception, integrity constraint violation. */
const ROW_ERROR_CLASSES: readonly string[] = ['22', '23'];

/** True if the server refused a statement because of a value in it. Other rows may be accepted. */
export function isRowError(error: unknown): error is SqlError {
  if (!isSqlError(error)) return false;
  return ROW_ERRORS.has(error.errno) || ROW_ERROR_CLASSES.includes(error.sqlState.slice(0, 2));
}

/** The error number in the server's answer to a statement or a connection attempt. */
export function serverErrno(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') return undefined;
  return error.errno > 0 ? error.errno : undefined; // negative numbers come from the operating system
}

/** The statement can't be parsed, is not supported, or can't be prepared. */
const UNKNOWN_STATEMENT: ReadonlySet<number> = new Set([1064, 1235, 1295]);

/** True if the server does not accept this kind of statement: it did nothing. */
export function isStatementUnknown(error: unknown): boolean {
  return isSqlError(error) && UNKNOWN_STATEMENT.has(error.errno);
}

export function isTooManyConnections(error: unknown): boolean {
  return TOO_MANY_CONNECTIONS.has(serverErrno(error) ?? 0);
}

export function isReadOnly(error: unknown): boolean {
  return error instanceof ServerReadOnlyError || READ_ONLY.has(serverErrno(error) ?? 0);
}
