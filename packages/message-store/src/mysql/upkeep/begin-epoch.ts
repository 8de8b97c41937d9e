import { openAdministratorSession } from '../sessions/administrator-session.ts';
import type { DatabaseAccess } from '../sessions/database-connection.ts';
import { type NewEpoch, type NewEpochOptions, randomEpoch } from '../../new-epoch.ts';
import { databaseTimeOfMs } from '../sessions/database-time.ts';
import { checkSchema } from '../schema/schema-version.ts';
import type { Session } from '../sessions/session.ts';

export interface BeginMysqlEpochOptions extends NewEpochOptions, DatabaseAccess {}

const LAST_ROWS = 'SELECT target_id, MAX(`offset`) AS last FROM messages GROUP BY target_id';

/**
 * Begins a new epoch: cursors of older epochs become invalid, and their readers start over where the new epoch begins.
 * It is atomic, and may be called again. It takes as long as a read of the whole message index. Rejects with a
 * StoreUnavailableError if the database can't be reached, and with a SchemaVersionError if it was not migrated.
 */
export async function beginMysqlEpoch({ restoredAt, ...access }: BeginMysqlEpochOptions): Promise<NewEpoch> {
  const session = await openAdministratorSession(access);
  try {
    await checkSchema(session);
    await session.run('START TRANSACTION');
    const result = await begin(session, restoredAt);
    await session.run('COMMIT');
    return result;
  } finally {
    session.close(); // rolls back what was not committed
  }
}

async function begin(session: Session, restoredAt: Date | undefined): Promise<NewEpoch> {
  const [previous] = await session.select<{ epoch: string }>('SELECT epoch FROM log_epoch FOR UPDATE', []);
  if (previous === undefined) throw new Error('the database has no epoch');
  const repairedCount = await countOf(
    session,
    `SELECT COUNT(*) AS n FROM (${LAST_ROWS}) r LEFT JOIN targets t ON t.target_id = r.target_id WHERE t.target_id IS NULL OR t.head < r.last`,
  );
  await session.change(
    `INSERT INTO targets (target_id, head) SELECT target_id, last FROM (${LAST_ROWS}) r ON DUPLICATE KEY UPDATE head = GREATEST(head, VALUES(head))`,
    [],
  );
  if (restoredAt === undefined) await session.change('UPDATE targets SET epoch_start = head', []);
  else {
    await session.change(
      'UPDATE targets t SET t.epoch_start = COALESCE((SELECT MIN(m.`offset`) - 1 FROM messages m WHERE m.target_id = t.target_id AND m.created_at >= ?), t.head)',
      [databaseTimeOfMs(restoredAt.getTime())],
    );
  }
  await repairMembers(session);
  const epoch = randomEpoch();
  await session.change(
    'UPDATE log_epoch SET epoch = ?, started_at = CURRENT_TIMESTAMP(3), replaced_epoch = NULL, certain_until = NULL',
    [epoch],
  );
  const targetCount = await countOf(session, 'SELECT COUNT(*) AS n FROM targets');
  return { epoch, previousEpoch: previous.epoch, targetCount, repairedCount };
}

/**
 * If a backup was not taken at a single moment, a member can begin beyond the head of its group, and would miss the
 * next messages. Positions can be beyond the last position, and relays would miss the next change.
 */
async function repairMembers(session: Session): Promise<void> {
  await session.select('SELECT head FROM member_head WHERE singleton = 1 FOR UPDATE', []);
  await session.change(
    "UPDATE members m LEFT JOIN targets t ON t.target_id = CONCAT('group:', m.group_name) SET m.from_offset = COALESCE(t.head, 0) WHERE m.from_offset > COALESCE(t.head, 0)",
    [],
  );
  await session.change(
    'UPDATE member_head SET head = GREATEST(head, COALESCE((SELECT MAX(position) FROM members), 0)) WHERE singleton = 1',
    [],
  );
}

async function countOf(session: Session, sql: string): Promise<number> {
  const [row] = await session.select<{ n: number }>(sql, []);
  return row?.n ?? 0;
}
