import {
  type FollowedGroup,
  type Member,
  MEMBER_CHANGES_PER_READ_MAX,
  type MemberChange,
  type MemberChangesReading,
  type MemberCursor,
  type Membership,
  type MembershipsQuery,
  type MembershipsReading,
  type MembersQuery,
} from '../../member-store.ts';
import type { MemberPlace } from '../../rules/member-plan.ts';
import { continueFrom } from '../../rules/member-cursor.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import type { Session } from '../sessions/session.ts';
import { padInList, placeholders } from '../sessions/statement-shape.ts';

/** Reads a range of the key up to the limit. It skips clients that left within the last day. */
export const READ_MEMBERS_STATEMENT =
  'SELECT client_id, from_offset, since FROM members FORCE INDEX (PRIMARY)' +
  " WHERE group_name = ? AND client_id > ? AND state = 'member' ORDER BY client_id LIMIT ?";

export const READ_GROUPS_STATEMENT =
  'SELECT group_name, from_offset, since FROM members FORCE INDEX (members_client)' +
  " WHERE client_id = ? AND state = 'member' AND group_name > ? ORDER BY group_name LIMIT ?";

interface MemberColumns {
  readonly group_name: string;
  readonly client_id: string;
  readonly from_offset: number;
  readonly since: string;
}

export async function readMemberRows(
  session: Session,
  { groupName, afterClientId, limit }: MembersQuery,
): Promise<readonly Member[]> {
  const values = [groupName, afterClientId, String(limit)];
  const rows = await session.select<MemberColumns>(READ_MEMBERS_STATEMENT, values);
  return rows.map(({ client_id: clientId, from_offset: from, since }) => {
    return { clientId, from, since: isoFromDatabaseTime(since) };
  });
}

export async function readGroupRows(
  session: Session,
  { clientId, afterGroupName, limit }: MembershipsQuery,
): Promise<readonly Membership[]> {
  const values = [clientId, afterGroupName, String(limit)];
  return (await session.select<MemberColumns>(READ_GROUPS_STATEMENT, values)).map(membershipOf);
}

export async function readMembershipRow(
  session: Session,
  { groupName, clientId }: MemberPlace,
): Promise<Membership | undefined> {
  const [row] = await session.select<MemberColumns>(
    "SELECT group_name, from_offset, since FROM members WHERE group_name = ? AND client_id = ? AND state = 'member'",
    [groupName, clientId],
  );
  return row && membershipOf(row);
}

function membershipOf({ group_name: groupName, from_offset: from, since }: MemberColumns): Membership {
  return { groupName, from, since: isoFromDatabaseTime(since) };
}

/**
 * One statement, so one snapshot: first the last position, then the memberships, from the index alone. The row at the
 * last position is found by its key in that index, with one look-up for each state.
 */
export function readMembershipsStatement(idCount: number): string {
  const condition = idCount === 0 ? 'FALSE' : `client_id IN (${placeholders(idCount)})`;
  return `
(SELECT e.epoch, h.head AS position, COALESCE(j.group_name, l.group_name) AS group_name,
        COALESCE(j.client_id, l.client_id) AS client_id, NULL AS from_offset
   FROM member_head h CROSS JOIN log_epoch e
   LEFT JOIN members j FORCE INDEX (members_position) ON j.state = 'member' AND j.position = h.head
   LEFT JOIN members l FORCE INDEX (members_position) ON l.state = 'left' AND l.position = h.head
  WHERE h.singleton = 1 AND e.singleton = 1)
UNION ALL
(SELECT NULL, position, group_name, client_id, from_offset
   FROM members FORCE INDEX (members_client) WHERE ${condition} AND state = 'member')`;
}

interface MembershipColumns {
  /** NULL in all but the first row. */
  readonly epoch: string | null;
  readonly position: number;
  readonly group_name: string | null;
  readonly client_id: string | null;
  readonly from_offset: number;
}

export async function readMembershipRows(
  session: Session,
  clientIds: readonly string[],
): Promise<MembershipsReading> {
  const ids = padInList(clientIds);
  const rows = await session.select<MembershipColumns>(readMembershipsStatement(ids.length), ids);
  const groups = new Map<string, FollowedGroup[]>(clientIds.map((clientId) => [clientId, []]));
  let cursor: MemberCursor | undefined;
  for (const { epoch, position, group_name: groupName, client_id: clientId, from_offset: from } of rows) {
    const isPlace = groupName !== null && clientId !== null;
    if (epoch !== null) {
      cursor = { epoch, position, mark: isPlace ? { groupName, clientId, position } : undefined };
    } else if (isPlace) groups.get(clientId)?.push({ groupName, from, position });
  }
  if (cursor === undefined) throw new Error('the database has no epoch or no position of members');
  return { cursor, groups };
}

const CHANGES_OF_STATE = (state: 'member' | 'left') => `
(SELECT NULL, NULL, NULL, group_name, client_id, from_offset, '${state}', position
   FROM members FORCE INDEX (members_position) WHERE state = '${state}' AND position > ?
  ORDER BY position LIMIT ${MEMBER_CHANGES_PER_READ_MAX})`;

/**
 * One snapshot: first the facts to check the cursor against, then the changes of each state, as ranges up to the limit.
 */
export const READ_CHANGES_STATEMENT = `
(SELECT e.epoch, h.head, h.forgotten, NULL AS group_name, NULL AS client_id, NULL AS from_offset, NULL AS state,
        m.position
   FROM member_head h CROSS JOIN log_epoch e LEFT JOIN members m ON m.group_name = ? AND m.client_id = ?
  WHERE h.singleton = 1 AND e.singleton = 1)
UNION ALL ${CHANGES_OF_STATE('member')}
UNION ALL ${CHANGES_OF_STATE('left')}`;

type ChangeColumns =
  | {
      readonly epoch: string;
      readonly head: number;
      readonly forgotten: number;
      /** In the first row: the position of the membership in the cursor's mark. */
      readonly position: number | null;
    }
  | {
      readonly epoch: null;
      readonly group_name: string;
      readonly client_id: string;
      readonly from_offset: number;
      readonly state: 'member' | 'left';
      readonly position: number;
    };

export async function readMemberChangeRows(
  session: Session,
  cursor: MemberCursor,
): Promise<MemberChangesReading> {
  const { mark, position } = cursor;
  const values = [mark?.groupName ?? '', mark?.clientId ?? '', position, position];
  const rows = await session.select<ChangeColumns>(READ_CHANGES_STATEMENT, values);
  const changes: MemberChange[] = [];
  let state: Parameters<typeof continueFrom>[1] | undefined;
  for (const row of rows) {
    if (row.epoch !== null) {
      const { epoch, head, forgotten } = row;
      state = { epoch, head, forgotten, positionAtMark: row.position ?? undefined };
      continue;
    }
    const { group_name: groupName, client_id: clientId, from_offset: from } = row;
    const place = { groupName, clientId, position: row.position };
    changes.push(
      row.state === 'member' ? { ...place, state: row.state, from } : { ...place, state: row.state },
    );
  }
  if (state === undefined) throw new Error('the database has no epoch or no position of members');
  return continueFrom(cursor, state, changes);
}
