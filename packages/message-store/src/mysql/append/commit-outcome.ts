import { partsOf } from '@postline/service-runtime';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession, type Session, type SessionOptions } from '../sessions/session.ts';
import { hasErrno, SQL_ERRORS } from '../sessions/sql-error.ts';
import { IN_LIST_MAX, padInList, placeholders } from '../sessions/statement-shape.ts';
import { placeKey } from '../../rules/member-plan.ts';
import { readMemberPlaces } from '../members/write-members.ts';
import type { WrittenAppend } from './write-append.ts';

/** The pause between two attempts to reach a database that is restarting. */
const RECONNECT_PAUSE_MS = 50;

/**
 * Finds out on a new connection whether an append was committed whose COMMIT was not answered. First it waits for the
 * lock of the append's counters. The old transaction holds that lock until it ends, so its outcome is final once we
 * have the lock. `not-found` does not prove that nothing was stored. Rejects if `signal` is aborted before the outcome
 * is known.
 */
export function readCommitOutcome(
  options: SessionOptions,
  written: WrittenAppend,
  signal: AbortSignal,
): Promise<'committed' | 'not-found'> {
  return onNewSession(options, signal, async (session) => {
    await waitForCluster(session);
    await lockCounters(session, [...written.targetIds].sort());
    const isStored = (await hasRowOfAppend(session, written)) || (await hasMemberOfAppend(session, written));
    await session.run('ROLLBACK');
    return isStored ? 'committed' : 'not-found';
  });
}

/** Runs the work on a connection of its own; if that breaks, again on another one, until `signal` is aborted. */
export async function onNewSession<T>(
  options: SessionOptions,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await tryOnNewSession(options, signal, work);
    } catch (error) {
      if (signal.aborted) throw error;
    }
    await sleep(RECONNECT_PAUSE_MS);
  }
}

async function tryOnNewSession<T>(
  options: SessionOptions,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(options, signal);
  const onAbort = () => session.destroy(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(session);
  } finally {
    signal.removeEventListener('abort', onAbort);
    session.destroy();
  }
}

async function lockCounters(session: Session, sortedIds: readonly string[]): Promise<void> {
  for (;;) {
    try {
      for (const part of partsOf(sortedIds, IN_LIST_MAX)) {
        const ids = padInList(part);
        await session.select(
          `SELECT target_id FROM targets WHERE target_id IN (${placeholders(ids.length)}) ORDER BY target_id FOR UPDATE`,
          ids,
        );
      }
      return;
    } catch (error) {
      const isHeld = hasErrno(error, SQL_ERRORS.lockWaitTimeout) || hasErrno(error, SQL_ERRORS.deadlock);
      if (!isHeld) throw error;
      await session.run('ROLLBACK');
    }
  }
}

/**
 * Looks for a row of this append. Its transaction was atomic, so one row proves that all were stored. Ids and offsets
 * prove nothing: if the server crashed before the rows reached its disk, the next append gets the same ids and offsets,
 * and its text may be the same too. Rows that retention has deleted since are not found, and the caller is told to
 * retry.
 */
async function hasRowOfAppend(session: Session, { ids, appendId }: WrittenAppend): Promise<boolean> {
  for (const part of partsOf(ids, IN_LIST_MAX)) {
    const padded = padInList(part);
    const rows = await session.select(
      `SELECT 1 FROM messages WHERE id IN (${placeholders(padded.length)}) AND append_id = ? LIMIT 1`,
      [...padded, appendId],
    );
    if (rows.length > 0) return true;
  }
  return false;
}

/**
 * Looks for a change of members by its position, which is given only once. A change that was replaced by a later one is
 * not found.
 */
async function hasMemberOfAppend(session: Session, { result }: WrittenAppend): Promise<boolean> {
  const { rows } = result.members;
  if (rows.length === 0) return false;
  const stored = await readMemberPlaces(session, rows);
  return rows.some((row) => stored.get(placeKey(row))?.position === row.position);
}

/** On a Galera cluster, the new connection may lead to another node: waits until that node has applied all commits. */
async function waitForCluster(session: Session): Promise<void> {
  if (!session.facts.returnsInserted) return; // only MariaDB has the setting, and only in builds with Galera
  await session.run('SET SESSION wsrep_sync_wait = 15').catch((error: unknown) => {
    if (session.isLost) throw error;
  });
}
