import { StoreUnavailableError } from '@postline/message-store';
import type { Logger } from '@postline/service-runtime';
import { errorForLog } from './error-for-log.ts';

const RETRY_PAUSE_MS = 500;

export interface MigrateWhenReachableOptions {
  /** Brings the schema up to date; rejects with a StoreUnavailableError while the database can't be reached. */
  readonly migrate: () => Promise<{ readonly fromVersion: number; readonly toVersion: number }>;
  /** Milliseconds in which a database that is still starting must be there. */
  readonly waitMs: number;
  readonly logger: Logger;
}

/** Migrates, and waits for a database that starts at the same time as this process. */
export async function migrateWhenReachable({
  migrate,
  waitMs,
  logger,
}: MigrateWhenReachableOptions): Promise<void> {
  const end = performance.now() + waitMs;
  for (;;) {
    try {
      const { fromVersion, toVersion } = await migrate();
      if (fromVersion !== toVersion) logger.info({ fromVersion, toVersion }, 'database migrated');
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || performance.now() > end) throw error;
      logger.warn({ err: errorForLog(error) }, 'the database does not answer yet');
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
  }
}
