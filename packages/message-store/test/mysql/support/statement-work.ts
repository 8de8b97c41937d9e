import type { Connection } from 'mysql2/promise';
import { rowsOf } from './migrated-database.ts';

const READ_STATUS =
  "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Sort_rows'";

/** What a statement returns, and what the server did for it, by the names of its status variables. */
export interface StatementWork {
  readonly rows: Awaited<ReturnType<typeof rowsOf>>;
  readonly counters: ReadonlyMap<string, number>;
}

/** Runs a statement and counts the rows and index entries that the server reads and sorts for it. */
export async function statementWork(
  connection: Connection,
  statement: string,
  values: readonly (string | number)[],
): Promise<StatementWork> {
  await rowsOf(connection, READ_STATUS); // the first time, MySQL reads its dictionary for it, and counts that too
  await connection.query('FLUSH STATUS');
  const rows = await rowsOf(connection, statement, values);
  const status = await rowsOf(connection, READ_STATUS);
  const counters = new Map(status.map((row) => [String(row['Variable_name']), Number(row['Value'])]));
  return { rows, counters };
}
