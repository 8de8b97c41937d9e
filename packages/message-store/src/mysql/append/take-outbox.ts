import { lockMembers, type MembersLock, tryLockMembers } from '../members/write-members.ts';
import type { Session } from '../sessions/session.ts';
import { type OutboxRows, readOutboxRows } from './outbox-rows.ts';

/** How a transaction deals with what waits in the outbox for its targets. */
export interface OutboxBounds {
  /** Of the outbox at most so many rows: for finding the one that the database refuses. */
  readonly outboxRowsMax?: number;
  /** Where the database refused that one: it is set aside for this reason, and nothing is moved. */
  readonly setAsideFor?: string;
  /** Whether to wait for the members' lock where the outbox has joins or leaves. */
  readonly waitsForMembers?: boolean;
}

export interface TakenOutbox extends OutboxRows {
  /** Held if members change. */
  readonly membersLock: MembersLock | undefined;
  /** Groups whose rows stay in the outbox, as another transaction holds the members' lock. */
  readonly heldGroups: ReadonlySet<string>;
}

const NO_TARGETS: ReadonlySet<string> = new Set();

/** For a transaction that finds the outbox empty and changes no members. */
export const NOTHING_WAITS: TakenOutbox = {
  rows: [],
  untaken: [],
  unfinished: NO_TARGETS,
  membersLock: undefined,
  heldGroups: NO_TARGETS,
};

/**
 * Reads what waits for targets whose counters this transaction holds. Joins and leaves also need the members' lock. Where
 * it is not free, an append leaves their groups for another time, since all its targets would wait with it; who `waits`
 * holds nothing that somebody else could use before those joins and leaves are moved.
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

/** Only the first rows, where the bounds say so. */
function limited(outbox: OutboxRows, { outboxRowsMax = Infinity, setAsideFor }: OutboxBounds): OutboxRows {
  if (outbox.rows.length <= outboxRowsMax && setAsideFor === undefined) return outbox;
  const first = outbox.rows.slice(0, outboxRowsMax);
  const left = outbox.rows.slice(outboxRowsMax).map(({ targetId }) => targetId);
  const unfinished = new Set([...outbox.unfinished, ...left]);
  if (setAsideFor === undefined) return { rows: first, untaken: outbox.untaken, unfinished };
  const untaken = first.map(({ id }) => ({ id, reason: setAsideFor }));
  return { rows: [], untaken: [...outbox.untaken, ...untaken], unfinished };
}
