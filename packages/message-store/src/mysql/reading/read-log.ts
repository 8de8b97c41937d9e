import {
  firstLookBytesMax,
  longTextRange,
  type LongText,
  type MeasuredRow,
  rowsWithin,
  withLongTexts,
} from '../../rules/log-cut.ts';
import type { LogQuery, LogSlice } from '../../message-store.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import type { Session } from '../sessions/session.ts';

/**
 * One statement, so one snapshot: first where the log stands, then its rows. The two parts are joined by UNION ALL and
 * not by a JOIN, because for that both servers would read the whole rest of the log and sort it; so it is a range scan
 * of the index that stops at the limit. A text that is too long to be brought along unasked is only measured.
 */
export const READ_LOG_STATEMENT = `
(SELECT e.epoch, t.head, t.epoch_start, NULL AS id, NULL AS \`offset\`,
        NULL AS bytes, NULL AS message, NULL AS created_at
   FROM log_epoch e LEFT JOIN targets t ON t.target_id = ? WHERE e.singleton = 1)
UNION ALL
(SELECT NULL, NULL, NULL, CAST(m.id AS CHAR), m.\`offset\`,
        LENGTH(m.message), IF(LENGTH(m.message) <= ?, m.message, NULL), m.created_at
   FROM messages m FORCE INDEX (messages_target_offset)
  WHERE m.target_id = ? AND m.\`offset\` > ? ORDER BY m.\`offset\` LIMIT ?)`;

/** The texts that were only measured. A range of the index, as with the first statement, and no list of ids. */
const READ_LONG_TEXTS_STATEMENT = `
SELECT CAST(m.id AS CHAR) AS id, m.\`offset\`, m.message, m.created_at
  FROM messages m FORCE INDEX (messages_target_offset)
 WHERE m.target_id = ? AND m.\`offset\` BETWEEN ? AND ? AND LENGTH(m.message) > ?`;

interface LogRow {
  readonly epoch: string | null;
  readonly head: number | null;
  readonly epoch_start: number | null;
  readonly id: string | null;
  readonly offset: number | null;
  readonly bytes: number | null;
  readonly message: string | null;
  readonly created_at: string | null;
}

interface LongTextRow {
  readonly id: string;
  readonly offset: number;
  readonly message: string;
  readonly created_at: string;
}

/** Reads a part of a target's log together with its head and epoch. */
export async function readLogSlice(session: Session, query: LogQuery): Promise<LogSlice> {
  const { targetId, afterOffset, limit, bytesMax } = query;
  const textBytesMax = firstLookBytesMax(query);
  const rows = await session.select<LogRow>(READ_LOG_STATEMENT, [
    targetId,
    textBytesMax,
    targetId,
    afterOffset,
    String(limit), // a number is refused here by MySQL from 8.0.22 on where the driver sends it as a double
  ]);
  const measured: MeasuredRow[] = [];
  let state: LogRow | undefined;
  for (const row of rows) {
    if (row.id === null) state = row;
    else measured.push(measuredRow(row.id, targetId, row));
  }
  const { epoch, head, epoch_start: epochStart } = state ?? {};
  if (typeof epoch !== 'string') throw new Error('the database has no epoch');
  measured.sort((a, b) => a.offset - b.offset);
  const isFull = measured.length === limit;
  const hasDropped = dropBeyond(measured, head ?? 0);

  const page = rowsWithin(measured, bytesMax);
  const range = longTextRange(page);
  const texts = range === undefined ? [] : await readLongTexts(session, { targetId, ...range, textBytesMax });
  const messages = withLongTexts(targetId, page, texts);
  const hasMore = (isFull && !hasDropped) || messages.length < measured.length;
  return { epoch, head: head ?? 0, epochStart: epochStart ?? 0, messages, hasMore };
}

interface LongTextQuery {
  readonly targetId: string;
  readonly first: number;
  readonly last: number;
  readonly textBytesMax: number;
}

async function readLongTexts(session: Session, query: LongTextQuery): Promise<LongText[]> {
  const { targetId, first, last, textBytesMax } = query;
  const values = [targetId, first, last, textBytesMax];
  const rows = await session.select<LongTextRow>(READ_LONG_TEXTS_STATEMENT, values);
  return rows.map(({ id, offset, message, created_at }) => {
    return { id, offset, message, createdAt: isoFromDatabaseTime(created_at) };
  });
}

/**
 * A log ends at its head. What lies beyond was put there by hand, and is no part of it until appends get there. True
 * where there was such a row.
 */
function dropBeyond(sorted: MeasuredRow[], head: number): boolean {
  const firstBeyond = sorted.findIndex(({ offset }) => offset > head);
  if (firstBeyond >= 0) sorted.splice(firstBeyond);
  return firstBeyond >= 0;
}

function measuredRow(id: string, targetId: string, row: LogRow): MeasuredRow {
  return {
    id,
    targetId,
    offset: Number(row.offset),
    bytes: Number(row.bytes),
    message: row.message,
    createdAt: isoFromDatabaseTime(row.created_at ?? ''),
  };
}
