import { databaseReason, type DatabaseReason, StoreUnavailableError } from '@postline/message-store';
import type { MigrateResult, MigrationEvent } from '@postline/message-store/mysql';
import { type Logger, pause } from '@postline/service-runtime';

const RETRY_PAUSE_MS = 500;
/** Between two log lines while the start waits. */
const REMINDER_MS = 10_000;

export interface MigrateWhenReachableOptions {
  /** Brings the schema up to date. Rejects with a StoreUnavailableError while the database cannot be reached. */
  readonly migrate: (onEvent: (event: MigrationEvent) => void) => Promise<MigrateResult>;
  /** Milliseconds to wait for a database that is still starting. */
  readonly waitMs: number;
  readonly logger: Logger;
}

/**
 * Migrates the database, and waits for one that starts at the same time as this process. An error that waiting cannot
 * resolve (refused user, unknown database, missing right) ends the wait at once. The error names its cause.
 */
export async function migrateWhenReachable({
  migrate,
  waitMs,
  logger,
}: MigrateWhenReachableOptions): Promise<void> {
  const startMs = performance.now();
  let saidAtMs = -Infinity;
  for (;;) {
    try {
      const { fromVersion, toVersion, sqlPublishing } = await migrate((event) => {
        logMigration(event, logger);
      });
      if (fromVersion !== toVersion) logger.info({ fromVersion, toVersion }, 'database migrated');
      reportSqlPublishing(sqlPublishing, logger);
      return;
    } catch (error) {
      const why = databaseReason(error);
      if (!isOfDatabase(error, why)) throw error;
      const waitedMs = Math.round(performance.now() - startMs);
      if (why.isLasting || waitedMs > waitMs) throw startError(error, why);
      if (performance.now() - saidAtMs >= REMINDER_MS) {
        saidAtMs = performance.now();
        const { text: reason } = why;
        logger.warn(
          { part: 'database', reason, waitedMs },
          `The database does not answer yet; waiting for it: ${reason}`,
        );
      }
    }
    await pause(RETRY_PAUSE_MS);
  }
}

/** An unknown failure has an error of its own. */
function isOfDatabase(error: unknown, { code }: DatabaseReason): boolean {
  return error instanceof StoreUnavailableError || code !== 'other';
}

function startError(error: unknown, { text }: DatabaseReason): Error {
  const isOwnText = error instanceof StoreUnavailableError && error.cause === undefined;
  return new Error(isOwnText ? error.message : `the database cannot be used: ${text}`, { cause: error });
}

/** For a process that does not migrate: resolves when another one has migrated. ApiHealth logs the wait. */
export async function waitForSchema(checkReady: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await checkReady();
      return;
    } catch {
      await pause(RETRY_PAUSE_MS, { holdsProcess: false });
    }
  }
}

/** The migration of a large table takes minutes, in which nothing else is logged. */
function logMigration(event: MigrationEvent, logger: Logger): void {
  if (event.kind === 'statement-done') return;
  const { version, name } = event;
  if (event.kind === 'migration-started') {
    logger.info({ version, name }, `Migration ${version} (${name}) started`);
  } else {
    const milliseconds = Math.round(event.milliseconds);
    logger.info({ version, name, milliseconds }, `Migration ${version} (${name}) finished`);
  }
}

/** Everything else works without the procedure, so the start continues; a later start with the right creates it. */
function reportSqlPublishing(sqlPublishing: MigrateResult['sqlPublishing'], logger: Logger): void {
  switch (sqlPublishing.kind) {
    case 'current':
      return;
    case 'created':
      if (sqlPublishing.grantsLost.length > 0) {
        const { grantsLost } = sqlPublishing;
        logger.warn({ grantsLost }, 'procedures were replaced: grant EXECUTE on them to their users again');
      }
      return;
    case 'not-allowed':
      logger.warn(
        { part: 'database', errno: sqlPublishing.errno },
        `Publishing by SQL is missing or outdated: the database user for migrations may not create ${sqlPublishing.procedures.join(', ')} (docs/database-rights.md)`,
      );
  }
}
