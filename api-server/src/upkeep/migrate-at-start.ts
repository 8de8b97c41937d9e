import { migrate } from '@postline/message-store/mysql';
import type { Logger } from '@postline/service-runtime';
import { migrateWhenReachable } from './migrate-when-reachable.ts';

const MIGRATIONS_FOLDER = new URL('../../../db/migrations/', import.meta.url);

/** Settings of a process that migrates. */
export interface MigrationEnvironment {
  readonly migrationUrl: string;
  readonly DATABASE_CA_FILE?: string | undefined;
  readonly DATABASE_WAIT_MS: number;
}

/** Brings the database to the schema of this version, and waits for one that is still starting. */
export async function migrateAtStart(
  { migrationUrl, DATABASE_CA_FILE: databaseCa, DATABASE_WAIT_MS: waitMs }: MigrationEnvironment,
  logger: Logger,
): Promise<void> {
  await migrateWhenReachable({
    migrate: (onEvent) =>
      migrate({ databaseUrl: migrationUrl, databaseCa, folder: MIGRATIONS_FOLDER, onEvent }),
    waitMs,
    logger,
  });
}
