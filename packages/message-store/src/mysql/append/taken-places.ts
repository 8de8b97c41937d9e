import { partsOf } from '@postline/service-runtime';
import { addToCounters } from './counters.ts';
import type { Session } from '../sessions/session.ts';
import { hasErrno, SQL_ERRORS } from '../sessions/sql-error.ts';
import { IN_LIST_MAX, padInList, placeholders } from '../sessions/statement-shape.ts';

/** A row farther ahead is not in the way yet; and a counter never jumps to what somebody made up as an offset. */
const PLACES_AHEAD_MAX = 1_000_000;

/** True if another row of the log has the offset that an append was about to give, although it held the counter. */
export function isPlaceTaken(error: unknown): boolean {
  return hasErrno(error, SQL_ERRORS.duplicateKey) && /'(?:\w+\.)?messages_target_offset'/.test(error.message);
}

/**
 * Raises counters past rows that lie beyond them: somebody put those into `messages` by hand, and without this no append
 * for their targets would ever succeed again. They are a part of the log from then on, as the one truth is the table.
 */
export async function passTakenPlaces(session: Session, targetIds: readonly string[]): Promise<void> {
  try {
    for (const part of partsOf([...targetIds].sort(), IN_LIST_MAX)) {
      const ids = padInList(part);
      await addToCounters(session, new Map(part.map((targetId) => [targetId, 0]))); // the new ones were rolled back
      await session.change(
        `UPDATE targets t SET head = GREATEST(head, COALESCE((SELECT MAX(m.\`offset\`) FROM messages m WHERE m.target_id = t.target_id AND m.\`offset\` > t.head AND m.\`offset\` <= t.head + ${PLACES_AHEAD_MAX}), head)) WHERE t.target_id IN (${placeholders(ids.length)}) ORDER BY t.target_id`,
        ids,
      );
    }
    await session.run('COMMIT');
  } catch (error) {
    if (session.isLost) throw error;
    await session.run('ROLLBACK'); // somebody else is at these counters: the next attempt finds out
  }
}
