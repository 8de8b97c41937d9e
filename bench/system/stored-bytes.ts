import { createConnection, type RowDataPacket } from 'mysql2/promise';

interface SizeRow extends RowDataPacket {
  readonly bytes: string | number;
  readonly messages: string | number;
}

/** Bytes that a message takes in the database's files, indexes included, in the largest table of messages. */
export async function readBytesPerMessage(serverUrl: string): Promise<number> {
  const connection = await createConnection(serverUrl);
  const [tables] = await connection.query<RowDataPacket[]>(
    "SELECT TABLE_SCHEMA AS name FROM information_schema.TABLES WHERE TABLE_NAME = 'messages' ORDER BY TABLE_ROWS DESC LIMIT 1",
  );
  const table = `\`${String(tables[0]?.['name'])}\`.messages`;
  await connection.query(`ANALYZE TABLE ${table}`);
  const [[size]] = await connection.query<SizeRow[]>(
    `SELECT DATA_LENGTH + INDEX_LENGTH AS bytes, (SELECT COUNT(*) FROM ${table}) AS messages` +
      " FROM information_schema.TABLES WHERE TABLE_NAME = 'messages' ORDER BY TABLE_ROWS DESC LIMIT 1",
  );
  await connection.end();
  return Number(size?.bytes) / Number(size?.messages);
}
