import { setTimeout as sleep } from 'node:timers/promises';
import { type AppendPlan, countByTarget, planAppend, planOutcomes } from '../append-plan.ts';
import type { AppendOutcome, AppendRequest } from '../message-store.ts';
import { findHeldTargets } from './contention.ts';
import { addToCounters, readCounters } from './counters.ts';
import { isoFromDatabaseTime } from './database-time.ts';
import { insertRows } from './insert-rows.ts';
import type { Session } from './session.ts';
import { hasErrno, isRowError, SQL_ERRORS } from './sql-error.ts';
import { readStoredKeys } from './stored-keys.ts';

/** An append whose rows were inserted; whether they are there to stay is the COMMIT's answer. */
export interface WrittenAppend {
  readonly plan: AppendPlan;
  readonly ids: readonly string[];
  readonly outcomes: readonly AppendOutcome[];
}

export type TransactionResult =
  | { readonly kind: 'done'; readonly outcomes: readonly AppendOutcome[] }
  /** Rolled back: one of the requests, nobody knows which, has a row that the database refuses. */
  | { readonly kind: 'row-refused'; readonly error: Error }
  /** COMMIT was sent, and no answer came. */
  | { readonly kind: 'commit-unknown'; readonly written: WrittenAppend; readonly error: unknown };

/** A deadlock's victim, or the loser of a race for an idempotency key, finds another picture the next time. */
const ATTEMPTS_MAX = 5;
const RETRY_JITTER_MS = 10;

/**
 * Appends in one transaction. After any error it is rolled back as a whole: error 1205 alone would undo only its
 * statement, and leave the neighbours' counters locked. Throws where the session was lost before the COMMIT.
 */
export async function appendInTransaction(
  session: Session,
  requests: readonly AppendRequest[],
): Promise<TransactionResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptAppend(session, requests);
    } catch (error) {
      if (session.isLost) throw error;
      await session.run('ROLLBACK');
      if (hasErrno(error, SQL_ERRORS.lockWaitTimeout)) return appendUncontended(session, requests);
      const mayChange = hasErrno(error, SQL_ERRORS.deadlock) || hasErrno(error, SQL_ERRORS.duplicateKey);
      if (!mayChange || attempt === ATTEMPTS_MAX) {
        if (isRowError(error)) return { kind: 'row-refused', error };
        throw error;
      }
    }
    await sleep(Math.random() * RETRY_JITTER_MS * attempt);
  }
}

async function attemptAppend(
  session: Session,
  requests: readonly AppendRequest[],
): Promise<TransactionResult> {
  const counts = countByTarget(requests);
  await addToCounters(session, counts);
  const { heads, epoch, databaseTime } = await readCounters(session, [...counts.keys()]);
  const storedByKey = await readStoredKeys(session, requests);
  const headBefore = (targetId: string) => (heads.get(targetId) ?? NaN) - (counts.get(targetId) ?? NaN);
  const plan = planAppend({ requests, headBefore, storedByKey });
  const createdAt = isoFromDatabaseTime(databaseTime);

  if (plan.rows.length === 0) {
    await session.run('ROLLBACK');
    return { kind: 'done', outcomes: planOutcomes(plan, { ids: [], createdAt, epoch }) };
  }
  const corrections = counterCorrections(counts, plan);
  if (corrections.size > 0) await addToCounters(session, corrections);
  const ids = await insertRows(session, plan.rows, databaseTime);
  const outcomes = planOutcomes(plan, { ids, createdAt, epoch });
  return commit(session, { plan, ids, outcomes });
}

/** Sent only now that the insert was answered: in one round trip with it, a later look-up could run too early. */
async function commit(session: Session, written: WrittenAppend): Promise<TransactionResult> {
  try {
    await session.run('COMMIT');
    return { kind: 'done', outcomes: written.outcomes };
  } catch (error) {
    if (hasErrno(error, SQL_ERRORS.deadlock)) throw error; // said by a cluster that did not certify it
    session.destroy(error);
    return { kind: 'commit-unknown', written, error };
  }
}

/** Replays and refused requests took offsets that they don't need. */
function counterCorrections(counts: ReadonlyMap<string, number>, plan: AppendPlan): Map<string, number> {
  const corrections = new Map<string, number>();
  for (const [targetId, count] of counts) {
    const surplus = count - (plan.rowsByTarget.get(targetId) ?? 0);
    if (surplus > 0) corrections.set(targetId, -surplus);
  }
  return corrections;
}

/**
 * After a wait for a counter that took too long: appends the requests all of whose targets are free, in the
 * transaction that has just locked them, and gives the others back as contended.
 */
async function appendUncontended(
  session: Session,
  requests: readonly AppendRequest[],
): Promise<TransactionResult> {
  const held = await findHeldTargets(session, [...countByTarget(requests).keys()]);
  const isHeld = ({ messages }: AppendRequest) => messages.some(({ targetId }) => held.has(targetId));
  const free = requests.filter((request) => !isHeld(request));
  const allContended = (): TransactionResult => ({
    kind: 'done',
    outcomes: requests.map(() => ({ kind: 'contended' })),
  });
  if (free.length === 0) {
    await session.run('ROLLBACK');
    return allContended();
  }
  const result = await attemptFree(session, free);
  if (result === 'contended') return allContended();
  if (result.kind === 'row-refused') return result;
  const outcomes = result.kind === 'done' ? result.outcomes : result.written.outcomes;
  const inOrder = outcomes.values();
  const merged = requests.map(
    (request): AppendOutcome =>
      isHeld(request) ? { kind: 'contended' } : (inOrder.next().value ?? { kind: 'contended' }),
  );
  return result.kind === 'done'
    ? { kind: 'done', outcomes: merged }
    : { ...result, written: { ...result.written, outcomes: merged } };
}

async function attemptFree(
  session: Session,
  requests: readonly AppendRequest[],
): Promise<TransactionResult | 'contended'> {
  try {
    return await attemptAppend(session, requests);
  } catch (error) {
    if (session.isLost) throw error;
    await session.run('ROLLBACK');
    if (isRowError(error)) return { kind: 'row-refused', error };
    if (hasErrno(error, SQL_ERRORS.lockWaitTimeout) || hasErrno(error, SQL_ERRORS.deadlock))
      return 'contended';
    throw error;
  }
}
