import { lockMembers, type MembersLock, tryLockMembers } from '../members/write-members.ts';
import type { Session } from '../sessions/session.ts';
import { type OutboxRows, readOutboxRows } from './outbox-rows.ts';

/** How a transaction handles the outbox rows of its targets. */
export interface OutboxBounds {
  /** The largest number of outbox rows to read. Used to find the row that the database refuses. */
  readonly outboxRowsMax?: number;
  /** Sets the first row aside for this reason and moves nothing. Used for the row that the database refused. */
  readonly setAsideFor?: string;
  /** Whether to wait for the members' lock if the outbox has joins or leaves. */
  readonly waitsForMembers?: boolean;
}

export interface TakenOutbox extends OutboxRows {
  /** Held if members change. */
  readonly membersLock: MembersLock | undefined;
  /** Groups whose rows stay in the outbox, because another transaction holds the members' lock. */
  readonly heldGroups: ReadonlySet<string>;
}

const NO_TARGETS: ReadonlySet<string> = new Set();

/** For a transaction with an empty outbox and no member changes. */
export const NOTHING_WAITS: TakenOutbox = {
  rows: [],
  untaken: [],
  unfinished: NO_TARGETS,
  membersLock: undefined,
  heldGroups: NO_TARGETS,
};

/**
 * Reads the outbox rows of targets whose counters this transaction holds. Joins and leaves also need the members' lock.
 * If it is not free, an append skips these groups, because otherwise all its targets would wait. With `waitsForMembers`
 * the transaction waits: it holds only counters that nobody can use before those joins and leaves are moved.
 */
export async function takeOutbox(
  session: Session,
  targetIds: readonly string[],
  bounds: OutboxBounds,
): Promise<TakenOutbox> {
  const outbox = limited(await readOutboxRows(session, targetIds), bounds);
  const changedGroups = new Set(
    outbox.rows.filter(({ kind }) => kind !== 'message').map(({ targetId }) => targetId),
  );
  if (changedGroups.size === 0) return { ...outbox, membersLock: undefined, heldGroups: NO_TARGETS };
  const membersLock = await (bounds.waitsForMembers === true
    ? lockMembers(session)
    : tryLockMembers(session));
  if (membersLock !== undefined) return { ...outbox, membersLock, heldGroups: NO_TARGETS };
  const rows = outbox.rows.filter(({ targetId }) => !changedGroups.has(targetId));
  return { ...outbox, rows, membersLock, heldGroups: changedGroups };
}

/** Keeps only the first rows, if the bounds say so. */
function limited(outbox: OutboxRows, { outboxRowsMax = Infinity, setAsideFor }: OutboxBounds): OutboxRows {
  if (outbox.rows.length <= outboxRowsMax && setAsideFor === undefined) return outbox;
  const first = outbox.rows.slice(0, outboxRowsMax);
  const left = outbox.rows.slice(outboxRowsMax).map(({ targetId }) => targetId);
  const unfinished = new Set([...outbox.unfinished, ...left]);
  if (setAsideFor === undefined) return { rows: first, untaken: outbox.untaken, unfinished };
  const untaken = first.map(({ id }) => ({ id, reason: setAsideFor }));
  return { rows: [], untaken: [...outbox.untaken, ...untaken], unfinished };
}
