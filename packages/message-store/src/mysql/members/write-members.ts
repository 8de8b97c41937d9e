import { partsOf } from '@postline/service-runtime';
import {
  type MemberPlace,
  type MemberPlan,
  type MemberRow,
  type MemberWork,
  placeKey,
  planMembers,
} from '../../rules/member-plan.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import type { Session } from '../sessions/session.ts';
import { hasErrno, SQL_ERRORS } from '../sessions/sql-error.ts';

/** Places of one statement. They take at most 300 kB as a parameter; servers accept at least 1 MiB. */
const PLACES_PER_STATEMENT_MAX = 1_000;

/**
 * The next positions: microseconds since 1970, and always higher than the last one. A simple counter would reuse
 * positions after a failover that lost the last changes, and relays that saw those would take a new change for an old
 * one.
 */
const LOCK_STATEMENT = `
SELECT GREATEST(head, CAST(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(6)) * 1000000 AS SIGNED)) AS position_before
FROM member_head WHERE singleton = 1 FOR UPDATE`;

/** The right to change members, held to the end of the transaction. */
export interface MembersLock {
  readonly positionBefore: number;
}

/**
 * Locks the row of the last position. Its holder waits for no other lock, so it is taken after all counters. It is held
 * until the commit, so commits happen in the order of positions, and counts that were read under it stay true.
 */
export async function lockMembers(session: Session): Promise<MembersLock> {
  const lock = await takeLock(session, LOCK_STATEMENT);
  if (lock === undefined) throw new Error('the database has no position of members');
  return lock;
}

/**
 * Takes the lock if it is free; returns undefined if another transaction holds it. Also returns undefined if the user
 * lacks the right, so that only groups with joins wait until somebody grants it.
 */
export async function tryLockMembers(session: Session): Promise<MembersLock | undefined> {
  try {
    return await takeLock(session, `${LOCK_STATEMENT} SKIP LOCKED`);
  } catch (error) {
    if (hasErrno(error, SQL_ERRORS.accessDenied)) return undefined;
    throw error;
  }
}

async function takeLock(session: Session, statement: string): Promise<MembersLock | undefined> {
  const [row] = await session.select<{ position_before: number }>(statement, []);
  return row && { positionBefore: row.position_before };
}

export interface MembersStamp {
  /** If undefined, the lock is taken here. Other transactions usually hold it only during a commit. */
  readonly lock: MembersLock | undefined;
  /** The database's clock, in the database's format. */
  readonly databaseTime: string;
}

/** Changes members in a transaction that holds the counters of their groups. */
export async function writeMembers(
  session: Session,
  work: MemberWork,
  { lock, databaseTime }: MembersStamp,
): Promise<MemberPlan> {
  const { positionBefore } = lock ?? (await lockMembers(session));
  const places = placesOf(work);
  const stored = await readMemberPlaces(session, places);
  const joining = joiningClients(work, stored);
  const groupCounts = await countGroups(session, joining);
  const now = isoFromDatabaseTime(databaseTime);
  const plan = planMembers(work, { stored, groupCounts, positionBefore, now });
  for (const part of partsOf(plan.rows, PLACES_PER_STATEMENT_MAX)) {
    const rows = part.map(({ groupName, clientId, from, state, position }) => {
      return [groupName, clientId, from, state, position];
    });
    await session.change(WRITE_STATEMENT, [databaseTime, JSON.stringify(rows)]);
  }
  const last = plan.rows.at(-1);
  if (last !== undefined) {
    await session.change('UPDATE member_head SET head = ? WHERE singleton = 1', [last.position]);
  }
  return plan;
}

const WRITE_STATEMENT = `
INSERT INTO members (group_name, client_id, from_offset, since, state, position)
SELECT w.group_name, w.client_id, w.from_offset, ?, w.state, w.position FROM JSON_TABLE(?, '$[*]' COLUMNS (
  group_name VARCHAR(122) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]',
  client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]',
  from_offset BIGINT PATH '$[2]',
  state VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$[3]',
  position BIGINT PATH '$[4]'
)) w
ON DUPLICATE KEY UPDATE from_offset = VALUES(from_offset), since = VALUES(since), state = VALUES(state),
  position = VALUES(position)`;

/** Each place once, as in its first step or change. */
function placesOf({ steps, changes }: MemberWork): readonly MemberPlace[] {
  const places = new Map<string, MemberPlace>();
  const add = (place: MemberPlace) => places.set(placeKey(place), place);
  for (const { groupName, clientId } of steps) add({ groupName, clientId });
  for (const { change } of changes) {
    const { groupName } = change;
    for (const clientId of [...change.add, ...change.remove]) add({ groupName, clientId });
  }
  return [...places.values()];
}

/** Finds each row by its key, however many there are. For `IN ((…), …)` MariaDB would scan the table. */
export const READ_STATEMENT = `
SELECT m.group_name, m.client_id, m.from_offset, m.since, m.state, m.position FROM JSON_TABLE(?, '$[*]' COLUMNS (
  group_name VARCHAR(122) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]',
  client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]'
)) w STRAIGHT_JOIN members m FORCE INDEX (PRIMARY) ON m.group_name = w.group_name AND m.client_id = w.client_id`;

interface StoredRow {
  readonly group_name: string;
  readonly client_id: string;
  readonly from_offset: number;
  readonly since: string;
  readonly state: 'member' | 'left';
  readonly position: number;
}

/** Reads the stored rows of some places, by `placeKey`, including rows of former members. */
export async function readMemberPlaces(
  session: Session,
  places: readonly MemberPlace[],
): Promise<ReadonlyMap<string, MemberRow>> {
  const stored = new Map<string, MemberRow>();
  for (const part of partsOf(places, PLACES_PER_STATEMENT_MAX)) {
    const keys = JSON.stringify(part.map(({ groupName, clientId }) => [groupName, clientId]));
    for (const row of await session.select<StoredRow>(READ_STATEMENT, [keys])) {
      const { group_name: groupName, client_id: clientId, from_offset: from, state, position } = row;
      stored.set(placeKey({ groupName, clientId }), {
        state,
        from,
        since: isoFromDatabaseTime(row.since),
        position,
      });
    }
  }
  return stored;
}

/** Clients that may be in more groups afterwards than before. */
function joiningClients(
  { steps, changes }: MemberWork,
  stored: ReadonlyMap<string, MemberRow>,
): readonly string[] {
  const joining = new Set<string>();
  const add = (place: MemberPlace) => {
    if (stored.get(placeKey(place))?.state !== 'member') joining.add(place.clientId);
  };
  for (const step of steps) if (step.kind === 'join') add(step);
  for (const { change } of changes) {
    for (const clientId of change.add) add({ groupName: change.groupName, clientId });
  }
  return [...joining];
}

export const COUNT_STATEMENT = `
SELECT w.client_id, COUNT(*) AS n FROM JSON_TABLE(?, '$[*]' COLUMNS (
  client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$'
)) w STRAIGHT_JOIN members m FORCE INDEX (members_client) ON m.client_id = w.client_id AND m.state = 'member'
GROUP BY w.client_id`;

async function countGroups(
  session: Session,
  clientIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const part of partsOf(clientIds, PLACES_PER_STATEMENT_MAX)) {
    const rows = await session.select<{ client_id: string; n: number }>(COUNT_STATEMENT, [
      JSON.stringify(part),
    ]);
    for (const { client_id: clientId, n } of rows) counts.set(clientId, n);
  }
  return counts;
}
