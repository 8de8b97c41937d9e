import {
  firstLookBytesMax,
  longTextRange,
  type MeasuredRow,
  rowsWithin,
  withLongTexts,
} from '../rules/log-cut.ts';
import { earlierStart } from '../rules/log-hole.ts';
import type { EarlierLogQuery, EarlierLogSlice, LogHead, LogQuery, LogSlice } from '../message-store.ts';
import { headInFile } from './sqlite-history.ts';
import { storedMessageOf } from './sqlite-rows.ts';
import type { SqliteStatements } from './sqlite-statements.ts';

type SliceOfFile = Omit<LogSlice, 'epoch'>;

/**
 * Reads a part of a log, within the reader's bounds. It uses one snapshot, so no text changes between the two looks.
 */
export function readLogFromFile(statements: SqliteStatements, query: LogQuery): SliceOfFile {
  const { targetId, afterOffset, limit } = query;
  const measured = statements.selectLog(firstLookBytesMax(query), targetId, afterOffset, limit);
  return sliceOf(statements, { measured, query, head: headInFile(statements, targetId) });
}

/** Reads the last part of a log before an offset, in the same way. */
export function readEarlierLogFromFile(
  statements: SqliteStatements,
  query: EarlierLogQuery,
): Omit<EarlierLogSlice, 'epoch'> {
  const { targetId, beforeOffset = Infinity, afterOffset = 0, limit } = query;
  const head = headInFile(statements, targetId);
  const before = Math.min(beforeOffset, head.head + 1);
  const textBytesMax = firstLookBytesMax(query);
  const measured = statements.selectEarlierLog(textBytesMax, targetId, afterOffset, before, limit);
  const newestFirst = sliceOf(statements, { measured, query, head });
  const slice = { ...newestFirst, messages: newestFirst.messages.toReversed() };
  const start = earlierStart(query, slice);
  if (start.kind === 'known') return { ...slice, truncatedBefore: start.truncatedBefore };
  const next = readLogFromFile(statements, { targetId, afterOffset: start.offset, limit: 1, bytesMax: 1 });
  return { ...slice, truncatedBefore: next.messages[0]?.offset ?? next.head + 1 };
}

interface FirstLook {
  /** Rows of `id, target_id, offset, message as bytes or null, created_at, bytes`, in the order of the read. */
  readonly measured: readonly (readonly unknown[])[];
  readonly query: Pick<LogQuery, 'targetId' | 'limit' | 'bytesMax'>;
  readonly head: LogHead;
}

function sliceOf(statements: SqliteStatements, { measured, query, head }: FirstLook): SliceOfFile {
  const { targetId, limit, bytesMax } = query;
  const page = rowsWithin(measured.map(measuredRowOf), bytesMax);
  const range = longTextRange(page);
  const texts =
    range === undefined
      ? []
      : statements
          .selectLongTexts(targetId, range.first, range.last, firstLookBytesMax(query))
          .map(storedMessageOf);
  const messages = withLongTexts(targetId, page, texts);
  return { ...head, messages, hasMore: measured.length === limit || messages.length < measured.length };
}

function measuredRowOf(row: readonly unknown[]): MeasuredRow {
  const [id, targetId, offset, message, createdAt, bytes] = row;
  if (message !== null) return { ...storedMessageOf(row), bytes: Number(bytes) };
  if (typeof targetId !== 'string' || typeof createdAt !== 'string') {
    throw new TypeError('a row of messages has another shape');
  }
  return { id: String(id), targetId, offset: Number(offset), bytes: Number(bytes), message, createdAt };
}
