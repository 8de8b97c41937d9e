import { partsOf } from '@postline/service-runtime';
import type { Session } from '../sessions/session.ts';
import { IN_LIST_MAX, padInList, placeholders } from '../sessions/statement-shape.ts';

/**
 * Finds out which of these targets' counters other transactions hold, without waiting for any of them. Called outside
 * a transaction; leaves one open that holds the counters of those that are free.
 *
 * A counter is held where it exists but a locking read skips it. It may exist only in the other transaction so far,
 * so its existence is asked by a dirty read: the one place where an uncommitted row is what one wants to see.
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
  await session.run('SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED'); // of the next transaction alone
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
