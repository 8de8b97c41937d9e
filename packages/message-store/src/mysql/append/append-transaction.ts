import { setTimeout as sleep } from 'node:timers/promises';
import { findHeldTargets } from './contention.ts';
import { type LoneTrace, LoneUnknownError } from './lone-message.ts';
import type { Session } from '../sessions/session.ts';
import { hasErrno, isRowError, SQL_ERRORS } from '../sessions/sql-error.ts';
import { isPlaceTaken, passTakenPlaces } from './taken-places.ts';
import type { OutboxBounds } from './take-outbox.ts';
import {
  type AppendResult,
  type AppendWork,
  beginAppend,
  countsOf,
  isChangeOf,
  isForOneOf,
  withContended,
  writeAppend,
  type WrittenAppend,
} from './write-append.ts';

export type TransactionResult =
  | { readonly kind: 'done'; readonly result: AppendResult }
  /** Rolled back: the database refused a row of one of the requests. It is unknown which one. */
  | { readonly kind: 'row-refused'; readonly error: Error }
  /** COMMIT was sent, but there was no answer. */
  | { readonly kind: 'commit-unknown'; readonly written: WrittenAppend; readonly error: unknown }
  /** A message that is alone was sent with its COMMIT, but there was no answer. */
  | { readonly kind: 'lone-unknown'; readonly trace: LoneTrace; readonly error: unknown };

/** A retry helps after a deadlock, or after another append stored the same idempotency key first. */
const ATTEMPTS_MAX = 5;
const RETRY_JITTER_MS = 10;

/**
 * Appends in one transaction, after the outbox rows of the same targets. After any error the whole transaction is
 * rolled back: error 1205 alone would undo only its statement, and leave the counters of other requests locked. Throws
 * if the session was lost before the COMMIT.
 */
export async function appendInTransaction(session: Session, work: AppendWork): Promise<TransactionResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptAppend(session, work);
    } catch (error) {
      if (error instanceof LoneUnknownError) return { kind: 'lone-unknown', trace: error.trace, error };
      if (session.isLost) throw error;
      await session.run('ROLLBACK');
      if (isPlaceTaken(error)) await passTakenPlaces(session, [...countsOf(work).keys()]);
      if (hasErrno(error, SQL_ERRORS.lockWaitTimeout)) return writeUncontended(session, work);
      const mayChange = hasErrno(error, SQL_ERRORS.deadlock) || hasErrno(error, SQL_ERRORS.duplicateKey);
      if (!mayChange || attempt === ATTEMPTS_MAX) {
        if (isRowError(error)) return { kind: 'row-refused', error };
        throw error;
      }
    }
    await sleep(Math.random() * RETRY_JITTER_MS * attempt);
  }
}

/**
 * Moves the outbox rows of those targets that no other transaction holds. It does not wait for the others: the next
 * call finds them again.
 */
export async function moveInTransaction(
  session: Session,
  targetIds: readonly string[],
  bounds: OutboxBounds = {},
): Promise<TransactionResult> {
  return await writeUncontended(session, { requests: [], moveFor: targetIds, ...bounds });
}

async function attemptAppend(session: Session, work: AppendWork): Promise<TransactionResult> {
  const begun = await beginAppend(session, work);
  if ('done' in begun) return { kind: 'done', result: begun.done };
  const written = await writeAppend(session, work, begun);
  if (!written.hasChanges) {
    await session.run('ROLLBACK');
    return { kind: 'done', result: written.result };
  }
  return commit(session, written);
}

/** Sent only after the insert was answered. If both went in one round trip, a later look-up could run too early. */
async function commit(session: Session, written: WrittenAppend): Promise<TransactionResult> {
  try {
    await session.run('COMMIT');
    return { kind: 'done', result: written.result };
  } catch (error) {
    if (hasErrno(error, SQL_ERRORS.deadlock)) throw error; // a cluster refused to certify the transaction
    session.destroy(error);
    return { kind: 'commit-unknown', written, error };
  }
}

/**
 * Writes the requests for free targets, in the transaction that has just locked them. Requests for other targets are
 * contended.
 */
async function writeUncontended(session: Session, work: AppendWork): Promise<TransactionResult> {
  const { requests, memberChanges = [], moveFor = [] } = work;
  const held = await findHeldTargets(session, [...countsOf(work).keys()]);
  const [isHeld, isOfHeld] = [isForOneOf(held), isChangeOf(held)];
  const free: AppendWork = {
    ...work,
    requests: requests.filter((request) => !isHeld(request)),
    memberChanges: memberChanges.filter((change) => !isOfHeld(change)),
    moveFor: moveFor.filter((targetId) => !held.has(targetId)),
  };
  if (countsOf(free).size === 0) {
    await session.run('ROLLBACK');
    return allContended(work);
  }
  const result = await attemptFree(session, free);
  const inOrder = (one: AppendResult): AppendResult => ({
    ...one,
    outcomes: withContended(requests, isHeld, one.outcomes),
    members: { ...one.members, outcomes: withContended(memberChanges, isOfHeld, one.members.outcomes) },
  });
  if (result === 'contended') return allContended(work);
  if (result.kind === 'row-refused' || result.kind === 'lone-unknown') return result;
  if (result.kind === 'done') return { kind: 'done', result: inOrder(result.result) };
  return { ...result, written: { ...result.written, result: inOrder(result.written.result) } };
}

function allContended({ requests, memberChanges = [] }: AppendWork): TransactionResult {
  const result: AppendResult = {
    epoch: '',
    outcomes: withContended(requests, () => true, []),
    moved: [],
    setAside: [],
    members: { rows: [], outcomes: withContended(memberChanges, () => true, []), refusedJoins: [] },
    unfinished: new Set(),
    heldGroups: new Set(),
    lastMovedTarget: undefined,
    outboxEmptyAtMs: undefined,
  };
  return { kind: 'done', result };
}

async function attemptFree(session: Session, work: AppendWork): Promise<TransactionResult | 'contended'> {
  try {
    return await attemptAppend(session, work);
  } catch (error) {
    if (error instanceof LoneUnknownError) return { kind: 'lone-unknown', trace: error.trace, error };
    if (session.isLost) throw error;
    await session.run('ROLLBACK');
    if (isPlaceTaken(error)) {
      await passTakenPlaces(session, [...countsOf(work).keys()]);
      return 'contended'; // the caller tries again, after the rows that lie there
    }
    const isContended = hasErrno(error, SQL_ERRORS.lockWaitTimeout) || hasErrno(error, SQL_ERRORS.deadlock);
    if (isContended) return 'contended';
    if (isRowError(error)) return { kind: 'row-refused', error };
    throw error;
  }
}
