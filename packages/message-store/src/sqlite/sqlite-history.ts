import type { RowMark } from '@postline/protocol';
import {
  CERTAIN_MARGIN_SECONDS,
  contradicts,
  EPOCHS_APART_SECONDS,
  type HistoryDoubt,
  type HistoryFinding,
} from '../history.ts';
import type { LogHead } from '../message-store.ts';
import { randomEpoch } from '../new-epoch.ts';
import { type ReaderCursor, type StreamStart, streamStart } from '../rules/stream-start.ts';
import type { SqliteStatements } from './sqlite-statements.ts';

export function headInFile(statements: SqliteStatements, targetId: string): LogHead {
  const [row] = statements.selectTarget(targetId);
  return { head: Number(row?.[0] ?? 0), epochStart: Number(row?.[1] ?? 0) };
}

export function markInFile(
  statements: SqliteStatements,
  targetId: string,
  offset: number,
): RowMark | undefined {
  const [row] = statements.selectMark(targetId, offset);
  return row && { id: String(row[0]), createdAt: String(row[1]) };
}

/** Decides where a reader's stream continues, within the transaction in which `epoch` was read. */
export function streamStartInFile(
  statements: SqliteStatements,
  epoch: string,
  cursor: ReaderCursor,
): StreamStart {
  const { targetId, offset } = cursor;
  const { head, epochStart } = headInFile(statements, targetId);
  const [replacedEpoch, certainUntil] = statements.selectReplacedEpoch()[0] ?? [];
  const isOfReplaced = cursor.epoch !== undefined && cursor.epoch === replacedEpoch;
  const [certain] = isOfReplaced ? statements.selectCertain(targetId, offset, String(certainUntil)) : [];
  const shared = Math.max(epochStart, Number(certain?.[0] ?? 0));
  const rowAtCursor = markInFile(statements, targetId, offset);
  return streamStart(cursor, { epoch, head, epochStart: shared, rowAtCursor });
}

/** Settles a doubt in one transaction, in one turn of the event loop. With a file there is no second server to ask. */
export function settleHistoryInFile(statements: SqliteStatements, doubt: HistoryDoubt): HistoryFinding {
  statements.begin();
  try {
    const finding = settle(statements, doubt);
    statements.commit();
    return finding;
  } catch (error) {
    statements.rollback();
    throw error;
  }
}

function settle(statements: SqliteStatements, doubt: HistoryDoubt): HistoryFinding {
  const epoch = String(statements.selectEpoch()[0]?.[0]);
  if (epoch !== doubt.epoch) return { kind: 'epoch-changed', epoch };
  const isContradicted = doubt.rows.some((known) => {
    const { head } = headInFile(statements, known.targetId);
    return contradicts(known, { head, row: markInFile(statements, known.targetId, known.offset) });
  });
  if (!isContradicted) return { kind: 'unchanged' };
  if (statements.selectIsTooSoon(`-${EPOCHS_APART_SECONDS} seconds`)[0]?.[0] === 1)
    return { kind: 'too-soon' };
  const next = randomEpoch();
  const sharedUntil = new Date(doubt.sharedUntilMs).toISOString();
  statements.replaceEpoch(next, epoch, sharedUntil, `-${CERTAIN_MARGIN_SECONDS} seconds`);
  const certainUntil = String(statements.selectReplacedEpoch()[0]?.[1]);
  return { kind: 'epoch-begun', epoch: next, certainUntil };
}
