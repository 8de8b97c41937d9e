import { existsSync } from 'node:fs';
import Database from 'libsql';
import { StoreUnavailableError } from '../message-store.ts';
import { type NewEpoch, type NewEpochOptions, randomEpoch } from '../new-epoch.ts';
import { createSqliteSchema } from './sqlite-schema.ts';

export interface BeginSqliteEpochOptions extends NewEpochOptions {
  /** Path of an existing database file. */
  readonly file: string;
}

/** Milliseconds to wait while another process has the file locked. */
const BUSY_MS = 5_000;

const LAST_ROWS = 'SELECT target_id, MAX("offset") AS last FROM messages GROUP BY target_id';

/** Begins a new epoch, like `beginMysqlEpoch`. Rejects with a StoreUnavailableError if the file can't be used. */
export function beginSqliteEpoch({ file, restoredAt }: BeginSqliteEpochOptions): Promise<NewEpoch> {
  return new Promise((resolve) => {
    resolve(beginInFile(file, restoredAt));
  });
}

function beginInFile(file: string, restoredAt: Date | undefined): NewEpoch {
  let database: Database.Database | undefined;
  try {
    if (!existsSync(file)) throw new Error('there is no such file'); // the driver would create it
    database = new Database(file, { timeout: BUSY_MS });
    createSqliteSchema(database);
    database.exec('BEGIN IMMEDIATE');
    const result = begin(database, restoredAt?.toISOString());
    database.exec('COMMIT');
    return result;
  } catch (error) {
    throw new StoreUnavailableError('the file could not be used', error);
  } finally {
    database?.close(); // rolls back what was not committed
  }
}

function begin(database: Database.Database, restoredAt: string | undefined): NewEpoch {
  const one = (sql: string): unknown => {
    const [row] = database.prepare(sql).raw().all();
    return Array.isArray(row) ? row[0] : undefined;
  };
  const previousEpoch = String(one('SELECT epoch FROM log_epoch'));
  const repairedCount = Number(
    one(`SELECT COUNT(*) FROM (${LAST_ROWS}) r LEFT JOIN targets t ON t.target_id = r.target_id
         WHERE t.target_id IS NULL OR t.head < r.last`),
  );
  database.exec(`INSERT INTO targets (target_id, head) SELECT target_id, last FROM (${LAST_ROWS}) WHERE true
    ON CONFLICT (target_id) DO UPDATE SET head = MAX(head, excluded.head)`);
  if (restoredAt === undefined) database.exec('UPDATE targets SET epoch_start = head');
  else {
    database
      .prepare(
        `UPDATE targets SET epoch_start = COALESCE((SELECT MIN(m."offset") - 1 FROM messages m
           WHERE m.target_id = targets.target_id AND m.created_at >= ?), head)`,
      )
      .run(restoredAt);
  }
  repairMembers(database);
  const epoch = randomEpoch();
  database
    .prepare(
      `UPDATE log_epoch SET epoch = ?, started_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
         replaced_epoch = NULL, certain_until = NULL`,
    )
    .run(epoch);
  return { epoch, previousEpoch, targetCount: Number(one('SELECT COUNT(*) FROM targets')), repairedCount };
}

/** Does the same as `repairMembers` for MySQL. */
function repairMembers(database: Database.Database): void {
  const head = "COALESCE((SELECT head FROM targets t WHERE t.target_id = 'group:' || group_name), 0)";
  database.exec(`UPDATE members SET from_offset = ${head} WHERE from_offset > ${head}`);
  database.exec('UPDATE member_head SET head = MAX(head, COALESCE((SELECT MAX(position) FROM members), 0))');
}
