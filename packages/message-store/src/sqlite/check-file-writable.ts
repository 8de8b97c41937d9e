import type Database from 'libsql';

/** No target can have this id. */
const TARGET_ID = '$write-check';

/**
 * Commits a change that leaves no row. The touched pages are written to the disk, although their content is the same
 * afterwards. So a full or read-only disk is detected as an append would detect it.
 */
export function checkFileWritable(database: Database.Database): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(`INSERT INTO targets (target_id, head) VALUES ('${TARGET_ID}', 0)`);
    database.exec(`DELETE FROM targets WHERE target_id = '${TARGET_ID}'`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
