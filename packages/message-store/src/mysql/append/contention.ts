import { partsOf } from '@postline/service-runtime';
import type { Session } from '../sessions/session.ts';
import { IN_LIST_MAX, padInList, placeholders } from '../sessions/statement-shape.ts';

/**
 * Finds out which of these targets' counters other transactions hold, without waiting for them. Must be called outside
 * a transaction; leaves one open that holds the free counters.
 *
 * A counter is held if it exists but a locking read skips it. It may exist only in an uncommitted transaction, so a
 * dirty read checks whether it exists. Nowhere else is an uncommitted row of any use.
 */
export async function findHeldTargets(
  session: Session,
  targetIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const held = await existingTargets(session, targetIds);
  for (const part of partsOf([...held].sort(), IN_LIST_MAX)) {
    const ids = padInList(part);
    const free = await session.select<{ target_id: string }>(
      `SELECT target_id FROM targets WHERE target_id IN (${placeholders(ids.length)}) FOR UPDATE SKIP LOCKED`,
      ids,
    );
    for (const row of free) held.delete(row.target_id);
  }
  return held;
}

async function existingTargets(session: Session, targetIds: readonly string[]): Promise<Set<string>> {
  const existing = new Set<string>();
  await session.run('SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED'); // applies only to the next transaction
  for (const part of partsOf(targetIds, IN_LIST_MAX)) {
    const ids = padInList(part);
    const rows = await session.select<{ target_id: string }>(
      `SELECT target_id FROM targets WHERE target_id IN (${placeholders(ids.length)})`,
      ids,
    );
    for (const row of rows) existing.add(row.target_id);
  }
  await session.run('ROLLBACK');
  return existing;
}
