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
  /** If it throws, the migration stops at that point, and the next migration completes it. */
  readonly onEvent?: (event: MigrationEvent) => void;
  /** Milliseconds in which the database must accept a connection. Migrations themselves have no time limit. */
  readonly connectDeadlineMs?: number;
  /** Seconds to wait while another process migrates the same database. */
  readonly lockWaitSeconds?: number;
}

export interface MigrateResult {
  readonly fromVersion: number;
  readonly toVersion: number;
  /** Whether applications can publish by SQL. */
  readonly sqlPublishing: SqlPublishing;
}

/**
 * How long in total a migration waits for transactions that use a table. A transaction that stays open longer is a
 * mistake.
 */
const TABLE_WAIT_MS_MAX = 120_000;

/** The pause between two attempts, so that transactions that queued behind the first attempt can proceed. */
const TABLE_PAUSE_MS = 2_000;

/** Within this time, a table of some ten million rows can be rebuilt. */
const LOCK_WAIT_SECONDS = 900;

/** Names the lock after the database. A lock's name may have at most 64 characters. */
const LOCK_NAME_SQL = "CONCAT('postline-migrate:', LEFT(SHA2(DATABASE(), 256), 40))";

const CREATE_SCHEMA_MIGRATIONS = `
CREATE TABLE IF NOT EXISTS schema_migrations (
  version INT NOT NULL,
  name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  applied_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (version)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/**
 * Migrates a database to the schema in `folder`, from an empty database, the proof of concept's table or any version in
 * between. Processes that migrate at the same time wait for each other. DDL can't be rolled back, so a killed migration
 * leaves its first statements behind. Each statement can be run again, and the next call starts that migration from the
 * beginning.
 *
 * A newer schema stays as it is if all newer migrations are compatible. Rejects with a StoreUnavailableError if the
 * database can't be reached, and with a SchemaVersionError if a newer migration is not compatible.
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const migrations = await readMigrations(options.folder);
  const session = await openAdministratorSession(options, options.connectDeadlineMs);
  try {
    await takeLock(session, options.lockWaitSeconds ?? LOCK_WAIT_SECONDS);
    const versions = await applyMissing(session, migrations, options.onEvent ?? (() => undefined));
    return { ...versions, sqlPublishing: await ensureSqlPublishing(session, folderPath(options.folder)) };
  } finally {
    session.close(); // releases the lock too
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
  // Only if a migration is missing, so that services start without the right to create tables.
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
 * A statement that changes a table waits for transactions that use the table, and all later ones wait behind it. So it
 * waits for one second at a time, lets the others proceed, and tries again.
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
