import {
  firstLookBytesMax,
  longTextRange,
  type LongText,
  type MeasuredRow,
  rowsWithin,
  withLongTexts,
} from '../../rules/log-cut.ts';
import { earlierStart } from '../../rules/log-hole.ts';
import type { EarlierLogQuery, EarlierLogSlice, LogHead, LogQuery, LogSlice } from '../../message-store.ts';
import type { StoredMessage } from '../../stored-message.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import type { Session } from '../sessions/session.ts';

const STATE_ROW = `
(SELECT e.epoch, t.head, t.epoch_start, NULL AS id, NULL AS \`offset\`,
        NULL AS bytes, NULL AS message, NULL AS created_at
   FROM log_epoch e LEFT JOIN targets t ON t.target_id = ? WHERE e.singleton = 1)`;

const MEASURED_ROWS = `
SELECT NULL, NULL, NULL, CAST(m.id AS CHAR), m.\`offset\`,
       LENGTH(m.message), IF(LENGTH(m.message) <= ?, m.message, NULL), m.created_at
  FROM messages m FORCE INDEX (messages_target_offset)`;

/**
 * One statement, so one snapshot: first the state of the log, then its rows. The two parts are joined by UNION ALL,
 * because for a JOIN both servers would read and sort the whole rest of the log. This way it is an index range scan
 * that stops at the limit. A text above the length limit is only measured, not returned.
 */
export const READ_LOG_STATEMENT = `${STATE_ROW} UNION ALL (${MEASURED_ROWS}
 WHERE m.target_id = ? AND m.\`offset\` > ? ORDER BY m.\`offset\` LIMIT ?)`;

/** The same, backward from the head at most: the index is read from the end of the range. */
export const READ_EARLIER_LOG_STATEMENT = `${STATE_ROW} UNION ALL (${MEASURED_ROWS}
 WHERE m.target_id = ? AND m.\`offset\` > ? AND m.\`offset\` < ?
   AND m.\`offset\` <= (SELECT h.head FROM targets h WHERE h.target_id = ?)
 ORDER BY m.\`offset\` DESC LIMIT ?)`;

/** Reads the texts that were only measured. It uses an index range like READ_LOG_STATEMENT, not a list of ids. */
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
  const { targetId, afterOffset, limit } = query;
  const { measured: rows, ...state } = await firstLook(session, READ_LOG_STATEMENT, [
    targetId,
    firstLookBytesMax(query),
    targetId,
    afterOffset,
    String(limit), // MySQL from 8.0.22 on refuses a number here, because the driver sends it as a double
  ]);
  const measured = rows.toSorted((a, b) => a.offset - b.offset);
  const isFull = measured.length === limit;
  const hasDropped = dropBeyond(measured, state.head);
  const messages = await readTexts(session, measured, query);
  const hasMore = (isFull && !hasDropped) || messages.length < measured.length;
  return { ...state, messages, hasMore };
}

/** Reads the last part of a target's log before an offset. */
export async function readEarlierLogSlice(
  session: Session,
  query: EarlierLogQuery,
): Promise<EarlierLogSlice> {
  const { targetId, beforeOffset = Number.MAX_SAFE_INTEGER, afterOffset = 0, limit } = query;
  const { measured: rows, ...state } = await firstLook(session, READ_EARLIER_LOG_STATEMENT, [
    targetId,
    firstLookBytesMax(query),
    targetId,
    afterOffset,
    beforeOffset,
    targetId,
    String(limit),
  ]);
  const measured = rows.toSorted((a, b) => b.offset - a.offset);
  const newestFirst = await readTexts(session, measured, query);
  const hasMore = measured.length === limit || newestFirst.length < measured.length;
  const slice = { ...state, messages: newestFirst.toReversed(), hasMore };
  const start = earlierStart(query, slice);
  if (start.kind === 'known') return { ...slice, truncatedBefore: start.truncatedBefore };
  const next = await readLogSlice(session, { targetId, afterOffset: start.offset, limit: 1, bytesMax: 1 });
  return { ...slice, truncatedBefore: next.messages[0]?.offset ?? next.head + 1 };
}

interface FirstLook extends LogHead {
  readonly epoch: string;
  readonly measured: readonly MeasuredRow[];
}

/** Reads the state of the log, and its rows in any order. */
async function firstLook(
  session: Session,
  statement: string,
  values: readonly [targetId: string, ...(string | number)[]],
): Promise<FirstLook> {
  const measured: MeasuredRow[] = [];
  let state: LogRow | undefined;
  for (const row of await session.select<LogRow>(statement, values)) {
    if (row.id === null) state = row;
    else measured.push(measuredRow(row.id, values[0], row));
  }
  const { epoch, head, epoch_start: epochStart } = state ?? {};
  if (typeof epoch !== 'string') throw new Error('the database has no epoch');
  return { epoch, head: head ?? 0, epochStart: epochStart ?? 0, measured };
}

/** Returns the rows that fit the bound in bytes, in order, with their texts. */
async function readTexts(
  session: Session,
  measured: readonly MeasuredRow[],
  query: Pick<LogQuery, 'targetId' | 'limit' | 'bytesMax'>,
): Promise<StoredMessage[]> {
  const { targetId, bytesMax } = query;
  const page = rowsWithin(measured, bytesMax);
  const range = longTextRange(page);
  const textBytesMax = firstLookBytesMax(query);
  const texts = range === undefined ? [] : await readLongTexts(session, { targetId, ...range, textBytesMax });
  return withLongTexts(targetId, page, texts);
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
 * Drops rows beyond the head. A log ends at its head: rows beyond it were inserted by hand, and are no part of the log
 * until appends reach them. Returns true if there were such rows.
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
