import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailableError } from '../../message-store.ts';
import { openAdministratorSession } from '../sessions/administrator-session.ts';
import type { DatabaseAccess } from '../sessions/database-connection.ts';
import { folderPath, type Migration, type MigrationStatement, readMigrations } from './migration-files.ts';
import { checkSchema, readSchemaVersion, recordMigration } from './schema-version.ts';
import type { Session } from '../sessions/session.ts';
import { hasErrno, isSqlError, SQL_ERRORS } from '../sessions/sql-error.ts';
import { ensureSqlPublishing, type SqlPublishing } from './sql-publishing.ts';

/** Progress of a migration, for a log. */
export type MigrationEvent =
  | { readonly kind: 'migration-started'; readonly version: number; readonly name: string }
  | { readonly kind: 'statement-done'; readonly version: number; readonly index: number; readonly of: number }
  | {
      readonly kind: 'migration-done';
      readonly version: number;
      readonly name: string;
      readonly milliseconds: number;
    };

export interface MigrateOptions extends DatabaseAccess {
  /** Where the `NNNN-name.sql` files are. */
  readonly folder: URL | string;
  /** An error thrown here ends the migration at that point; the next one completes it. */
  readonly onEvent?: (event: MigrationEvent) => void;
  /** Milliseconds in which the database must answer a connection. Migrations themselves take what they take. */
  readonly connectDeadlineMs?: number;
  /** Seconds to wait for another process that is migrating the same database. */
  readonly lockWaitSeconds?: number;
}

export interface MigrateResult {
  readonly fromVersion: number;
  readonly toVersion: number;
  /** Whether applications can publish by SQL. */
  readonly sqlPublishing: SqlPublishing;
}

/** A transaction that uses a table is waited for this long in all; one that is open for longer is a mistake. */
const TABLE_WAIT_MS_MAX = 120_000;

/** Between two tries, in which those who waited behind the first one get their turn. */
const TABLE_PAUSE_MS = 2_000;

/** A table of some ten million rows is rebuilt within it. */
const LOCK_WAIT_SECONDS = 900;

/** Names the lock after the database, in less than the 64 characters that a lock's name may have. */
const LOCK_NAME_SQL = "CONCAT('postline-migrate:', LEFT(SHA2(DATABASE(), 256), 40))";

const CREATE_SCHEMA_MIGRATIONS = `
CREATE TABLE IF NOT EXISTS schema_migrations (
  version INT NOT NULL,
  name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  applied_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (version)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/**
 * Brings a database to the schema of `folder`, from nothing, the proof of concept's table or any version between.
 * Processes that do so at once wait for each other. DDL can't be rolled back, so a migration that was killed leaves a
 * part of itself behind: each statement can be run again, and the next call starts that migration from its top.
 *
 * A schema that is newer by compatible migrations stays as it is. Rejects with a StoreUnavailableError if the database can't
 * be reached, with a SchemaVersionError if its schema is newer by another migration.
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const migrations = await readMigrations(options.folder);
  const session = await openAdministratorSession(options, options.connectDeadlineMs);
  try {
    await takeLock(session, options.lockWaitSeconds ?? LOCK_WAIT_SECONDS);
    const versions = await applyMissing(session, migrations, options.onEvent ?? (() => undefined));
    return { ...versions, sqlPublishing: await ensureSqlPublishing(session, folderPath(options.folder)) };
  } finally {
    session.close(); // and with it the lock
  }
}

async function takeLock(session: Session, waitSeconds: number): Promise<void> {
  const [row] = await session.select<{ taken: number | string | null }>(
    `SELECT GET_LOCK(${LOCK_NAME_SQL}, ${Math.ceil(waitSeconds)}) AS taken`,
    [],
  );
  if (Number(row?.taken) !== 1) {
    throw new StoreUnavailableError(`another process has been migrating for ${waitSeconds} s`, undefined);
  }
}

async function applyMissing(
  session: Session,
  migrations: readonly Migration[],
  onEvent: (event: MigrationEvent) => void,
): Promise<Pick<MigrateResult, 'fromVersion' | 'toVersion'>> {
  const fromVersion = await readSchemaVersion(session);
  // Only if something is missing, so that a user without the right to create tables can start.
  if (fromVersion < migrations.length) await session.run(CREATE_SCHEMA_MIGRATIONS);
  const toVersion = Math.max(fromVersion, migrations.length);
  if (fromVersion > migrations.length) await checkSchema(session);
  for (const migration of migrations.slice(fromVersion)) await apply(session, migration, onEvent);
  return { fromVersion, toVersion };
}

async function apply(
  session: Session,
  migration: Migration,
  onEvent: (event: MigrationEvent) => void,
): Promise<void> {
  const { version, name, statements } = migration;
  const startedAt = performance.now();
  onEvent({ kind: 'migration-started', version, name });
  for (const [index, statement] of statements.entries()) {
    await runOnce(session, statement);
    onEvent({ kind: 'statement-done', version, index, of: statements.length });
  }
  await recordMigration(session, migration);
  const milliseconds = Math.round(performance.now() - startedAt);
  onEvent({ kind: 'migration-done', version, name, milliseconds });
}

/**
 * A statement that changes a table waits for the transactions that use it, and everybody else waits behind the statement:
 * so it waits for a second only, lets the others go on, and tries again.
 */
async function runOnce(session: Session, { sql, alreadyDoneErrnos }: MigrationStatement): Promise<void> {
  const endAt = performance.now() + TABLE_WAIT_MS_MAX;
  for (;;) {
    try {
      await session.run(sql);
      return;
    } catch (error) {
      if (isSqlError(error) && alreadyDoneErrnos.has(error.errno)) return;
      if (!hasErrno(error, SQL_ERRORS.lockWaitTimeout) || performance.now() > endAt) throw error;
    }
    await sleep(TABLE_PAUSE_MS);
  }
}
