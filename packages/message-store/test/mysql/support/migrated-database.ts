import { createTestDatabase, type TestDatabase } from '@postline/test-support';
import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { migrate } from '../../../src/mysql/index.ts';

export const MIGRATIONS = new URL('../../../../../db/migrations/', import.meta.url);

/** A new database with the current schema. */
export async function createMigratedDatabase(serverUrl: string): Promise<TestDatabase> {
  const database = await createTestDatabase(serverUrl);
  await migrate({ databaseUrl: database.url, folder: MIGRATIONS });
  return database;
}

/** A plain connection, as an application or an administrator would have it. */
export async function connectTo(databaseUrl: string): Promise<Connection> {
  return await createConnection({ uri: databaseUrl, charset: 'UTF8MB4_BIN', dateStrings: true });
}

/** The rows of a query, untyped. */
export async function rowsOf(
  connection: Connection,
  sql: string,
  values: readonly (string | number)[] = [],
): Promise<RowDataPacket[]> {
  const [rows] = await connection.execute<RowDataPacket[]>(sql, [...values]);
  return rows;
}
