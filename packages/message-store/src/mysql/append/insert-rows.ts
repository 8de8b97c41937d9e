import { partsOf } from '@postline/service-runtime';
import type { PlannedRow } from '../../rules/append-plan.ts';
import type { Session, SqlValue } from '../sessions/session.ts';
import {
  keptTexts,
  rowPlaceholders,
  ROWS_PER_STATEMENT_MAX,
  splitRowCount,
} from '../sessions/statement-shape.ts';

const COLUMNS = ['message', 'target_id', '`offset`', 'created_at', 'append_id'];
/**
 * Only in statements for rows with keys. Otherwise the columns get their defaults, and need not be sent, bound and
 * checked.
 */
const KEY_COLUMNS = ['publisher', 'idempotency_key'];

const insertStatement = (columns: readonly string[]) =>
  keptTexts(
    (rowCount) =>
      `INSERT INTO messages (${columns.join(', ')}) VALUES ${rowPlaceholders(rowCount, columns.length)}`,
  );
const insertWithoutKeys = insertStatement(COLUMNS);
const insertWithKeys = insertStatement([...COLUMNS, ...KEY_COLUMNS]);

/** Bytes of a row in a statement besides its texts: lengths, types, offset, time and append id. A generous estimate. */
const ROW_OVERHEAD_BYTES = 128;

/** Larger statements save no time, and the server holds each of them in memory as a whole. */
const STATEMENT_BYTES_MAX = 4 * 1024 * 1024;

/** The share of the server's packet limit that a statement may use. The rest is a margin. */
const PACKET_SHARE = 0.75;

/** Values that all rows of one append have in common. */
export interface AppendStamp {
  /** The database's clock, in the database's format. */
  readonly databaseTime: string;
  /** Unique to this append, even if it fails. */
  readonly appendId: string;
}

/** Inserts rows in order, never with IGNORE, and returns their ids. */
export async function insertRows(
  session: Session,
  rows: readonly PlannedRow[],
  { databaseTime, appendId }: AppendStamp,
): Promise<readonly string[]> {
  const bytesMax = Math.min(STATEMENT_BYTES_MAX, session.facts.packetBytesMax * PACKET_SHARE);
  const ids: string[] = [];
  for (const part of statementsOf(rows, bytesMax)) {
    const withKeys = part.some((row) => row.publisher !== '' || row.idempotencyKey !== undefined);
    const values: SqlValue[] = [];
    for (const row of part) {
      values.push(row.message, row.targetId, row.offset, databaseTime, appendId);
      if (withKeys) values.push(row.publisher, row.idempotencyKey ?? null);
    }
    const textFor = withKeys ? insertWithKeys : insertWithoutKeys;
    const { firstId } = await session.change(textFor(part.length), values);
    // The server knows the number of rows beforehand, so their ids are consecutive, even with interleaved
    // auto-increment locks.
    for (const index of part.keys()) ids.push(String(firstId + index * session.facts.idStep));
  }
  return ids;
}

/** Splits rows into statements of less than `bytesMax` bytes, with numbers of rows that recur. */
export function* statementsOf(
  rows: readonly PlannedRow[],
  bytesMax: number,
): Generator<readonly PlannedRow[]> {
  for (const part of partsBelow(rows, bytesMax)) {
    let from = 0;
    for (const count of splitRowCount(part.length)) {
      yield part.slice(from, from + count);
      from += count;
    }
  }
}

function* partsBelow(rows: readonly PlannedRow[], bytesMax: number): Generator<readonly PlannedRow[]> {
  for (const candidates of partsOf(rows, ROWS_PER_STATEMENT_MAX)) {
    let from = 0;
    let bytes = 0;
    for (const [index, row] of candidates.entries()) {
      const rowBytes = rowBytesOf(row);
      if (index > from && bytes + rowBytes > bytesMax) {
        yield candidates.slice(from, index);
        from = index;
        bytes = 0;
      }
      bytes += rowBytes;
    }
    yield candidates.slice(from);
  }
}

function rowBytesOf({ message, targetId, publisher, idempotencyKey }: PlannedRow): number {
  const names = targetId.length + publisher.length + (idempotencyKey?.length ?? 0);
  return Buffer.byteLength(message) + names + ROW_OVERHEAD_BYTES;
}
