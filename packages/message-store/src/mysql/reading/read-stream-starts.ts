import { partsOf } from '@postline/service-runtime';
import { type ReaderCursor, type StreamStart, streamStart } from '../../rules/stream-start.ts';
import { type ReplacedEpoch, readLogHeads, readRowMarks } from './read-heads.ts';
import type { Session } from '../sessions/session.ts';

/** Searches of one statement. Each is a subquery; with more, planning would take long. */
const SEARCHES_PER_STATEMENT_MAX = 32;

/** Decides where these readers' streams continue. */
export async function readStreamStartRows(
  session: Session,
  cursors: readonly ReaderCursor[],
): Promise<readonly StreamStart[]> {
  const { epoch, replaced, heads } = await readLogHeads(session, [
    ...new Set(cursors.map(({ targetId }) => targetId)),
  ]);
  const rows = await readRowMarks(session, cursors);
  const logOf = (cursor: ReaderCursor) => heads.get(cursor.targetId) ?? { head: 0, epochStart: 0 };
  const certain = await readCertainOffsets(session, replaced, cursors);
  return cursors.map((cursor, index) => {
    const { head, epochStart } = logOf(cursor);
    const shared = Math.max(epochStart, certain.get(cursor) ?? 0);
    return streamStart(cursor, { epoch, head, epochStart: shared, rowAtCursor: rows[index] });
  });
}

/**
 * Handles cursors of the epoch that was replaced without the command. For each, it finds the last row up to the cursor
 * that is old enough to be in both histories. Cursors of earlier epochs only get `epoch_start`, because nobody knows
 * what their history shares with the replaced one.
 */
async function readCertainOffsets(
  session: Session,
  replaced: ReplacedEpoch | undefined,
  cursors: readonly ReaderCursor[],
): Promise<ReadonlyMap<ReaderCursor, number>> {
  const found = new Map<ReaderCursor, number>();
  if (replaced === undefined) return found;
  const searched = cursors.filter(({ epoch }) => epoch === replaced.epoch);
  for (const part of partsOf(searched, SEARCHES_PER_STATEMENT_MAX)) {
    const rows = await session.select<{ position: number | string; offset: number }>(
      part.map(() => CERTAIN_SEARCH).join(' UNION ALL '),
      part.flatMap(({ targetId, offset }, index) => [String(index), targetId, offset, replaced.certainUntil]),
    );
    for (const { position, offset } of rows) {
      const cursor = part[Number(position)];
      if (cursor !== undefined) found.set(cursor, offset);
    }
  }
  return found;
}

/**
 * Searches backward from the cursor, past what the replaced history wrote in its last minutes, up to the first older
 * row.
 */
export const CERTAIN_SEARCH =
  '(SELECT ? AS position, `offset` FROM messages FORCE INDEX (messages_target_offset)' +
  ' WHERE target_id = ? AND `offset` <= ? AND created_at < ? ORDER BY `offset` DESC LIMIT 1)';
