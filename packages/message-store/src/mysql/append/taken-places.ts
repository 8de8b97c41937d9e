import { partsOf } from '@postline/service-runtime';
import { addToCounters } from './counters.ts';
import type { Session } from '../sessions/session.ts';
import { hasErrno, SQL_ERRORS } from '../sessions/sql-error.ts';
import { IN_LIST_MAX, padInList, placeholders } from '../sessions/statement-shape.ts';

/**
 * Rows farther ahead don't block appends yet, and a counter must not jump to an arbitrary offset that somebody
 * inserted.
 */
const PLACES_AHEAD_MAX = 1_000_000;

/** True if another row of the log already has the offset of this append, although the append held the counter. */
export function isPlaceTaken(error: unknown): boolean {
  return hasErrno(error, SQL_ERRORS.duplicateKey) && /'(?:\w+\.)?messages_target_offset'/.test(error.message);
}

/**
 * Raises counters past rows beyond them. Somebody inserted such rows into `messages` by hand, and otherwise no append
 * for their targets would ever succeed again. From then on they are a part of the log, because the table is the one
 * truth.
 */
export async function passTakenPlaces(session: Session, targetIds: readonly string[]): Promise<void> {
  try {
    for (const part of partsOf([...targetIds].sort(), IN_LIST_MAX)) {
      const ids = padInList(part);
      await addToCounters(session, new Map(part.map((targetId) => [targetId, 0]))); // the rollback removed new counters
      await session.change(
        `UPDATE targets t SET head = GREATEST(head, COALESCE((SELECT MAX(m.\`offset\`) FROM messages m WHERE m.target_id = t.target_id AND m.\`offset\` > t.head AND m.\`offset\` <= t.head + ${PLACES_AHEAD_MAX}), head)) WHERE t.target_id IN (${placeholders(ids.length)}) ORDER BY t.target_id`,
        ids,
      );
    }
    await session.run('COMMIT');
  } catch (error) {
    if (session.isLost) throw error;
    await session.run('ROLLBACK'); // another transaction holds these counters; the next attempt tries again
  }
}
