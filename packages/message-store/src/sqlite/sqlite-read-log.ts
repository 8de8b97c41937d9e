import {
  firstLookBytesMax,
  longTextRange,
  type MeasuredRow,
  rowsWithin,
  withLongTexts,
} from '../rules/log-cut.ts';
import type { LogQuery, LogSlice } from '../message-store.ts';
import { storedMessageOf } from './sqlite-rows.ts';
import type { SqliteStatements } from './sqlite-statements.ts';

/** The rows of a part of a log, within the reader's bounds. Within one snapshot, so no text changes between the looks. */
export function readLogFromFile(
  statements: SqliteStatements,
  query: LogQuery,
): Pick<LogSlice, 'messages' | 'hasMore'> {
  const { targetId, afterOffset, limit, bytesMax } = query;
  const textBytesMax = firstLookBytesMax(query);
  const measured = statements.selectLog(textBytesMax, targetId, afterOffset, limit).map(measuredRowOf);
  const page = rowsWithin(measured, bytesMax);
  const range = longTextRange(page);
  const texts =
    range === undefined
      ? []
      : statements.selectLongTexts(targetId, range.first, range.last, textBytesMax).map(storedMessageOf);
  const messages = withLongTexts(targetId, page, texts);
  return { messages, hasMore: measured.length === limit || messages.length < measured.length };
}

/** A row of `id, target_id, offset, message as bytes or null, created_at, bytes`. */
function measuredRowOf(row: readonly unknown[]): MeasuredRow {
  const [id, targetId, offset, message, createdAt, bytes] = row;
  if (message !== null) return { ...storedMessageOf(row), bytes: Number(bytes) };
  if (typeof targetId !== 'string' || typeof createdAt !== 'string') {
    throw new TypeError('a row of messages has another shape');
  }
  return { id: String(id), targetId, offset: Number(offset), bytes: Number(bytes), message, createdAt };
}
