import { waitUntil } from '@postline/test-support';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Ledger } from '../ledger/ledger.ts';
import { parseBody } from '../ledger/message-body.ts';
import { OffsetSet } from '../ledger/offset-set.ts';
import type { TargetLedger } from '../ledger/target-ledger.ts';

const ROWS_PER_READ = 20_000;
const CONNECTED_MS = 30_000;
/** The start of a text identifies the message. The readers have compared the whole text. */
const TEXT_CHARACTERS = 160;

/** Reads the head of every target from the database. */
export async function readHeads(databaseUrl: string): Promise<ReadonlyMap<string, number>> {
  return withConnection(databaseUrl, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT target_id, head FROM targets');
    return new Map(rows.map((row) => [String(row['target_id']), Number(row['head'])]));
  });
}

/** Whether everything that was committed by SQL has been moved to its log. */
export async function isOutboxEmpty(databaseUrl: string): Promise<boolean> {
  return withConnection(databaseUrl, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT id FROM outbox LIMIT 1');
    return rows.length === 0;
  });
}

/** Reads the last ack of every device, by device name. */
export async function readAcks(databaseUrl: string): Promise<ReadonlyMap<string, number>> {
  return withConnection(databaseUrl, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT device_id, `offset` FROM acks');
    return new Map(rows.map((row) => [String(row['device_id']), Number(row['offset'])]));
  });
}

/**
 * Compares every row with the ledger: no row is missing, none is there twice, and each log is 1, 2, 3, … up to its
 * head.
 */
export async function auditDatabase(databaseUrl: string, ledger: Ledger): Promise<void> {
  const heads = await readHeads(databaseUrl);
  await withConnection(databaseUrl, async (connection) => {
    for (const target of ledger.targets) {
      const seen = await auditTarget(connection, target, ledger);
      const head = heads.get(target.targetId) ?? 0;
      if (seen.count !== head) {
        ledger.findings.add('corrupted', `${target.targetId}: head ${head}, but ${seen.count} rows`);
      }
    }
  });
}

async function auditTarget(connection: Connection, target: TargetLedger, { findings }: Ledger) {
  const seen = new OffsetSet();
  let last = 0;
  let count = 0;
  for (;;) {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT \`offset\`, LEFT(message, ${TEXT_CHARACTERS}) AS text FROM messages
        WHERE target_id = ? AND \`offset\` > ? ORDER BY \`offset\` LIMIT ${ROWS_PER_READ}`,
      [target.targetId, last],
    );
    for (const row of rows) {
      const offset = Number(row['offset']);
      if (offset !== last + 1) findings.add('corrupted', `${target.targetId}: row ${offset} after ${last}`);
      last = offset;
      count += 1;
      seen.add(offset);
      const body = parseBody(String(row['text']));
      if (body?.targetId === target.targetId) target.place(body.number, offset, 'the database');
      else findings.add('corrupted', `${target.targetId}: row ${offset} is ${String(row['text'])}`);
    }
    if (rows.length < ROWS_PER_READ) break;
  }
  for (let offset = 1; offset <= target.highestPlaced; offset += 1) {
    const number = target.numberAt(offset);
    if (number === 0 || seen.has(offset)) continue;
    const text = `${target.targetId}: message ${number} at offset ${offset} is not in the database`;
    findings.add(target.isAcked(number) ? 'lost' : 'phantom', text);
  }
  return { count };
}

export async function withConnection<T>(
  databaseUrl: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  // A process that is busy with thousands of clients may be too slow for the server's handshake timeout.
  const connection = await waitUntil(
    'the database answers',
    () => createConnection(databaseUrl),
    CONNECTED_MS,
  );
  try {
    return await work(connection);
  } finally {
    connection.destroy();
  }
}
