import {
  MEMBER_CHANGES_PER_READ_MAX,
  type MemberChange,
  type MemberChangesReading,
  type MemberCursor,
} from '../member-store.ts';

/** The facts to compare a cursor with. */
export interface MembersState {
  readonly epoch: string;
  /** The last position. */
  readonly head: number;
  /** Departures up to this position may have been deleted. */
  readonly forgotten: number;
  /** The position of the cursor's mark now; undefined if there is no such row or no mark. */
  readonly positionAtMark: number | undefined;
}

/**
 * Continues from a cursor. `found` has all changes after it, or the first MEMBER_CHANGES_PER_READ_MAX of each state.
 *
 * If the last position is lower than the cursor's, the history was changed, but the next change would hide that. So the
 * row of the cursor's last change is checked too: its position never decreases, whatever happens to the membership,
 * unless the row is deleted as an old departure.
 */
export function continueFrom(
  cursor: MemberCursor,
  { epoch, head, forgotten, positionAtMark = -Infinity }: MembersState,
  found: readonly MemberChange[],
): MemberChangesReading {
  const { mark } = cursor;
  const isMarkGone = mark !== undefined && positionAtMark < mark.position && mark.position > forgotten;
  if (epoch !== cursor.epoch || head < cursor.position || isMarkGone) {
    return { kind: 'restart', reason: 'history-changed' };
  }
  if (cursor.position < forgotten) return { kind: 'restart', reason: 'forgotten' };
  const changes = found.toSorted((a, b) => a.position - b.position).slice(0, MEMBER_CHANGES_PER_READ_MAX);
  const last = changes.at(-1);
  // `found` has the first changes of each state, so the first ones of both together are among them.
  const hasMore = changes.length === MEMBER_CHANGES_PER_READ_MAX;
  if (last === undefined) return { kind: 'changes', changes, cursor: { ...cursor, position: head }, hasMore };
  const { groupName, clientId, position } = last;
  const next = { epoch, position: hasMore ? position : head, mark: { groupName, clientId, position } };
  return { kind: 'changes', changes, cursor: next, hasMore };
}
