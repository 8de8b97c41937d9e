import { partsOf } from '@postline/service-runtime';
import { type ReaderCursor, type StreamStart, streamStart } from '../../rules/stream-start.ts';
import { type ReplacedEpoch, readLogHeads, readRowMarks } from './read-heads.ts';
import type { Session } from '../sessions/session.ts';

/** Each is a query within the statement; more would take long to plan. */
const SEARCHES_PER_STATEMENT_MAX = 32;

/** Decides where these readers' streams go on. */
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
 * For cursors of the epoch that was replaced without the command: the last row up to each that is old enough to be
 * common to both histories. A cursor of an epoch before that one has only what `epoch_start` says, as nobody knows
 * what its history shares with the replaced one.
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

/** Goes back from the cursor over what the replaced history wrote in its last minutes, and stops. */
export const CERTAIN_SEARCH =
  '(SELECT ? AS position, `offset` FROM messages FORCE INDEX (messages_target_offset)' +
  ' WHERE target_id = ? AND `offset` <= ? AND created_at < ? ORDER BY `offset` DESC LIMIT 1)';
