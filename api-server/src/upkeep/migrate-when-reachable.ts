import { databaseReason, type DatabaseReason, StoreUnavailableError } from '@postline/message-store';
import type { MigrateResult, MigrationEvent } from '@postline/message-store/mysql';
import type { Logger } from '@postline/service-runtime';

const RETRY_PAUSE_MS = 500;
/** How often it is logged that the start still waits. */
const REMINDER_MS = 10_000;

export interface MigrateWhenReachableOptions {
  /** Brings the schema up to date; rejects with a StoreUnavailableError while the database can't be reached. */
  readonly migrate: (onEvent: (event: MigrationEvent) => void) => Promise<MigrateResult>;
  /** Milliseconds in which a database that is still starting must be there. */
  readonly waitMs: number;
  readonly logger: Logger;
}

/**
 * Migrates, and waits for a database that starts at the same time as this process. What waiting can't change (a refused
 * user, an unknown database, a missing right) ends it at once. The error names the cause.
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
          `the database does not answer yet, the start waits: ${reason}`,
        );
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
  }
}

/** A schema that is too new, and whatever nobody thought of, is told by its own error. */
function isOfDatabase(error: unknown, { code }: DatabaseReason): boolean {
  return error instanceof StoreUnavailableError || (code !== 'other' && code !== 'schema');
}

function startError(error: unknown, { text }: DatabaseReason): Error {
  const isOwnText = error instanceof StoreUnavailableError && error.cause === undefined;
  return new Error(isOwnText ? error.message : `the database can not be used: ${text}`, { cause: error });
}

/** In a process that does not migrate: resolves when another one has done it. What it waits for, the health logs. */
export async function waitForSchema(checkReady: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await checkReady();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS).unref());
    }
  }
}

/** A migration of a large table takes minutes, in which nothing else is logged. */
function logMigration(event: MigrationEvent, logger: Logger): void {
  if (event.kind === 'statement-done') return;
  const { version, name } = event;
  if (event.kind === 'migration-started') {
    logger.info({ version, name }, `migration ${version} (${name}) begins`);
  } else {
    const milliseconds = Math.round(event.milliseconds);
    logger.info({ version, name, milliseconds }, `migration ${version} (${name}) is done`);
  }
}

/** Everything else works without it, so a start goes on; a later one with the right completes it. */
function reportSqlPublishing(sqlPublishing: MigrateResult['sqlPublishing'], logger: Logger): void {
  switch (sqlPublishing.kind) {
    case 'current':
      return;
    case 'created':
      if (sqlPublishing.grantsLost.length > 0) {
        const { grantsLost } = sqlPublishing;
        logger.warn({ grantsLost }, 'publish_message was replaced: grant EXECUTE on it again to its users');
      }
      return;
    case 'not-allowed':
      logger.warn(
        { part: 'database', errno: sqlPublishing.errno },
        'publishing by SQL is not available, or stays an older version: the database user of the migrations may not create the procedure publish_message (docs/database-rights.md)',
      );
  }
}
