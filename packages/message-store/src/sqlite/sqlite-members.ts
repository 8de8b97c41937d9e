import {
  DEPARTURES_KEPT_SECONDS,
  DEPARTURES_PER_STEP_MAX,
  type FollowedGroup,
  type Member,
  MEMBER_CHANGES_PER_READ_MAX,
  type MemberChange,
  type MemberChangesReading,
  type MemberCursor,
  type MembersChange,
  type MembersChanged,
  type Membership,
  type MembershipsQuery,
  type MembershipsReading,
  type MembersQuery,
} from '../member-store.ts';
import { groupIdOf } from '@postline/protocol';
import { continueFrom } from '../rules/member-cursor.ts';
import { type MemberPlace, type MemberRow, placeKey, planMembers } from '../rules/member-plan.ts';
import type { SqliteStatements } from './sqlite-statements.ts';

/** Changes members in one transaction, in one turn of the event loop. A file has no outbox. */
export function changeMembersInFile(
  statements: SqliteStatements,
  changes: readonly MembersChange[],
): MembersChanged {
  statements.begin(); // takes the file's only write lock: no head, member or position changes from here on
  try {
    const { rows, outcomes } = writeChanges(statements, changes);
    statements.commit();
    return { outcomes, position: rows.at(-1)?.position, moved: [] };
  } catch (error) {
    statements.rollback();
    throw error;
  }
}

function writeChanges(statements: SqliteStatements, changes: readonly MembersChange[]) {
  const stored = new Map<string, MemberRow>();
  const groupCounts = new Map<string, number>();
  for (const { groupName, add, remove } of changes) {
    for (const clientId of [...add, ...remove]) {
      const [row] = statements.selectMember(groupName, clientId);
      if (row !== undefined) stored.set(placeKey({ groupName, clientId }), memberRowOf(row));
      groupCounts.set(clientId, Number(statements.countGroups(clientId)[0]?.[0]));
    }
  }
  const [positionBefore, now] = statements.selectNextPosition()[0] ?? [];
  const plan = planMembers(
    {
      steps: [],
      changes: changes.map((change) => {
        const [target] = statements.selectTarget(groupIdOf(change.groupName));
        return { change, head: Number(target?.[0] ?? 0) };
      }),
    },
    {
      stored,
      groupCounts,
      positionBefore: Number(positionBefore),
      now: String(now),
    },
  );
  for (const { groupName, clientId, from, state, position } of plan.rows) {
    statements.saveMember(groupName, clientId, from, String(now), state, position);
  }
  const last = plan.rows.at(-1);
  if (last !== undefined) statements.setMemberHead(last.position);
  return plan;
}

/** A row of `from_offset, since, state, position`. */
function memberRowOf([from, since, state, position]: readonly unknown[]): MemberRow {
  return {
    from: Number(from),
    since: String(since),
    state: state === 'member' ? 'member' : 'left',
    position: Number(position),
  };
}

export function membersInFile(
  statements: SqliteStatements,
  { groupName, afterClientId, limit }: MembersQuery,
): readonly Member[] {
  return statements.selectMembers(groupName, afterClientId, limit).map(([clientId, from, since]) => {
    return { clientId: String(clientId), from: Number(from), since: String(since) };
  });
}

export function groupsInFile(
  statements: SqliteStatements,
  { clientId, afterGroupName, limit }: MembershipsQuery,
): readonly Membership[] {
  return statements.selectGroups(clientId, afterGroupName, limit).map(([groupName, from, since]) => {
    return { groupName: String(groupName), from: Number(from), since: String(since) };
  });
}

export function membershipInFile(
  statements: SqliteStatements,
  { groupName, clientId }: MemberPlace,
): Membership | undefined {
  const row = statements.selectMember(groupName, clientId).map(memberRowOf)[0];
  return row?.state === 'member' ? { groupName, from: row.from, since: row.since } : undefined;
}

export function readMembershipsFromFile(
  statements: SqliteStatements,
  epoch: string,
  clientIds: readonly string[],
): MembershipsReading {
  const [head] = statements.selectMemberHead();
  const position = Number(head?.[0]);
  const [last] = statements.selectMemberAt(position);
  const mark = last && { groupName: String(last[0]), clientId: String(last[1]), position };
  const groups = new Map(
    clientIds.map((clientId) => [clientId, statements.selectFollowed(clientId).map(followedGroupOf)]),
  );
  return { cursor: { epoch, position, mark }, groups };
}

/** A row of `group_name, from_offset, position`. */
function followedGroupOf([groupName, from, position]: readonly unknown[]): FollowedGroup {
  return { groupName: String(groupName), from: Number(from), position: Number(position) };
}

export function readMemberChangesFromFile(
  statements: SqliteStatements,
  epoch: string,
  cursor: MemberCursor,
): MemberChangesReading {
  const { mark, position } = cursor;
  const [head, forgotten] = statements.selectMemberHead()[0] ?? [];
  const [row] = mark === undefined ? [] : statements.selectMember(mark.groupName, mark.clientId);
  const positionAtMark = row && memberRowOf(row).position;
  const state = { epoch, head: Number(head), forgotten: Number(forgotten), positionAtMark };
  const rows = statements.selectMemberChanges(position, MEMBER_CHANGES_PER_READ_MAX);
  return continueFrom(cursor, state, rows.map(memberChangeOf));
}

/** A row of `group_name, client_id, from_offset, state, position`. */
function memberChangeOf([groupName, clientId, from, state, position]: readonly unknown[]): MemberChange {
  const place = { groupName: String(groupName), clientId: String(clientId), position: Number(position) };
  return state === 'member' ? { ...place, state, from: Number(from) } : { ...place, state: 'left' };
}

/** Deletes old departures in one transaction. */
export function forgetDeparturesInFile(statements: SqliteStatements): number {
  statements.begin();
  try {
    const [now] = statements.selectMicroseconds()[0] ?? [];
    const before = Number(now) - DEPARTURES_KEPT_SECONDS * 1_000_000;
    const departures = statements.selectOldDepartures(before, DEPARTURES_PER_STEP_MAX);
    for (const [groupName, clientId, position] of departures) {
      statements.deleteMember(String(groupName), String(clientId));
      statements.setForgotten(Number(position));
    }
    statements.commit();
    return departures.length;
  } catch (error) {
    statements.rollback();
    throw error;
  }
}
