import { expect, it } from 'vitest';
import { hasErrno, isRowError, isSqlError } from '../../../src/mysql/sessions/sql-error.ts';

const sqlError = (errno: number, sqlState: string, more: object = {}) =>
  Object.assign(new Error('x'), { errno, sqlState, ...more });

it('tells the server’s answers from lost connections', () => {
  expect(isSqlError(sqlError(1062, '23000'))).toBe(true);
  expect(isSqlError(sqlError(1927, '70100', { fatal: true }))).toBe(false);
  expect(isSqlError(Object.assign(new Error('x'), { errno: -104, code: 'ECONNRESET' }))).toBe(false);
  expect(hasErrno(sqlError(1205, 'HY000'), 1205)).toBe(true);
});

it('only an error that lies in the values is a row’s own', () => {
  for (const [errno, sqlState] of [
    [1406, '22001'],
    [1366, 'HY000'],
    [1264, '22003'],
    [3819, 'HY000'],
    [4025, '23000'],
  ] as const) {
    expect(isRowError(sqlError(errno, sqlState))).toBe(true);
  }
  for (const [errno, sqlState] of [
    [1205, 'HY000'],
    [1213, '40001'],
    [1146, '42S02'],
    [1290, 'HY000'],
    [1114, 'HY000'],
  ] as const) {
    expect(isRowError(sqlError(errno, sqlState))).toBe(false);
  }
});
