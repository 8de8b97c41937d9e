import { setTimeout as sleep } from 'node:timers/promises';
import { openSession, type Session, type SessionOptions } from './session.ts';
import { hasErrno, SQL_ERRORS } from './sql-error.ts';
import { IN_LIST_MAX, padInList, partsOf, placeholders } from './statement-shape.ts';
import type { WrittenAppend } from './write-append.ts';

/** Between two attempts to reach a database that is just coming back. */
const RECONNECT_PAUSE_MS = 50;

/**
 * Finds out on a new connection whether an append was committed whose COMMIT was not answered. It waits for the lock
 * of the append's counters first: as long as the old transaction lives it holds them, so once we have them its
 * outcome can't change any more. Rejects when `signal` is aborted before that: then nobody knows.
 */
export async function readCommitOutcome(
  options: SessionOptions,
  written: WrittenAppend,
  signal: AbortSignal,
): Promise<'committed' | 'not-committed'> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await lookUp(options, written, signal);
    } catch (error) {
      if (signal.aborted) throw error;
    }
    await sleep(RECONNECT_PAUSE_MS);
  }
}

async function lookUp(
  options: SessionOptions,
  written: WrittenAppend,
  signal: AbortSignal,
): Promise<'committed' | 'not-committed'> {
  const session = await openSession(options, signal);
  const onAbort = () => session.destroy(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await lockCounters(session, [...written.targetIds].sort());
    const isStored = await hasAllRows(session, written);
    await session.run('ROLLBACK');
    return isStored ? 'committed' : 'not-committed';
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

interface PlaceRow {
  readonly id: string;
  readonly target_id: string;
  readonly offset: number;
}

/** Exactly our rows: another append may have taken the same offsets since, but never the same ids. */
async function hasAllRows(session: Session, { rows: writtenRows, ids }: WrittenAppend): Promise<boolean> {
  const placeOf = new Map<string, string>();
  for (const part of partsOf(ids, IN_LIST_MAX)) {
    const padded = padInList(part);
    const rows = await session.select<PlaceRow>(
      `SELECT CAST(id AS CHAR) AS id, target_id, \`offset\` FROM messages WHERE id IN (${placeholders(padded.length)})`,
      padded,
    );
    for (const row of rows) placeOf.set(row.id, `${row.offset} ${row.target_id}`);
  }
  return writtenRows.every(({ offset, targetId }, index) => {
    return placeOf.get(ids[index] ?? '') === `${offset} ${targetId}`;
  });
}
