import { createConnection, type RowDataPacket } from 'mysql2/promise';

interface StatusRow extends RowDataPacket {
  readonly Variable_name: string;
  readonly Value: string;
}

/** The numbers of `SHOW GLOBAL STATUS`, by the server's names. */
export async function readDatabaseStatus(serverUrl: string): Promise<ReadonlyMap<string, number>> {
  const connection = await createConnection(serverUrl);
  const [rows] = await connection.query<StatusRow[]>('SHOW GLOBAL STATUS');
  await connection.end();
  const numbers = rows.map(({ Variable_name: name, Value: value }) => [name, Number(value)] as const);
  return new Map(numbers.filter(([, value]) => !Number.isNaN(value)));
}
