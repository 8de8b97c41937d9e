import { DEPARTURES_KEPT_SECONDS, DEPARTURES_PER_STEP_MAX } from '../../member-store.ts';
import { lockMembers } from '../members/write-members.ts';
import type { Session } from '../sessions/session.ts';

/** Reads an index range up to the limit. Positions are microseconds since 1970, or greater. */
export const OLD_DEPARTURES_STATEMENT = `
SELECT group_name, client_id, position FROM members FORCE INDEX (members_position)
WHERE state = 'left' AND position < CAST(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(6)) * 1000000 AS SIGNED) - ${DEPARTURES_KEPT_SECONDS * 1_000_000}
ORDER BY position LIMIT ${DEPARTURES_PER_STEP_MAX}`;

/** Finds each row by its key. A client that has joined again since the read has another position, and its row stays. */
const DELETE_STATEMENT = `
DELETE m FROM JSON_TABLE(?, '$[*]' COLUMNS (
  group_name VARCHAR(122) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]',
  client_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]',
  position BIGINT PATH '$[2]'
)) old STRAIGHT_JOIN members m FORCE INDEX (PRIMARY)
  ON m.group_name = old.group_name AND m.client_id = old.client_id AND m.position = old.position`;

interface DepartureRow {
  readonly group_name: string;
  readonly client_id: string;
  readonly position: number;
}

/**
 * Deletes old departures in one transaction, on a session without autocommit. It records the last deleted position, so
 * that a relay whose cursor is lower knows that it missed some.
 */
export async function forgetOldDepartures(session: Session): Promise<number> {
  const departures = await session.select<DepartureRow>(OLD_DEPARTURES_STATEMENT, []);
  const last = departures.at(-1);
  if (last === undefined) {
    await session.run('ROLLBACK');
    return 0;
  }
  await lockMembers(session);
  await session.change('UPDATE member_head SET forgotten = GREATEST(forgotten, ?) WHERE singleton = 1', [
    last.position,
  ]);
  const keys = departures.map(({ group_name, client_id, position }) => [group_name, client_id, position]);
  await session.change(DELETE_STATEMENT, [JSON.stringify(keys)]);
  await session.run('COMMIT');
  return departures.length;
}
