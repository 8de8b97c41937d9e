import type { Session } from '../sessions/session.ts';

/** The newest migration that this program was written for. */
export const SCHEMA_VERSION = 10;

/** The database's schema is not one that this program can work with. */
export class SchemaVersionError extends Error {
  readonly code = 'schema_version';

  constructor(what: string) {
    super(what);
    this.name = 'SchemaVersionError';
  }
}

/** The last migration that was completed; 0 in a database that none was applied to. */
export async function readSchemaVersion(session: Session): Promise<number> {
  const tables = await session.select(
    "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'",
    [],
  );
  if (tables.length === 0) return 0;
  const [row] = await session.select<{ version: number | null }>(
    'SELECT MAX(version) AS version FROM schema_migrations',
    [],
  );
  return row?.version ?? 0;
}

/**
 * Throws a SchemaVersionError if the schema is older than this program needs. A newer one is fine: while a release
 * is rolled out, a newer API migrates under services that still run, and a migration may only add to what they use.
 */
export async function checkSchema(session: Session): Promise<void> {
  const version = await readSchemaVersion(session);
  if (version < SCHEMA_VERSION) {
    throw new SchemaVersionError(
      `the database's schema is version ${version}, this program needs ${SCHEMA_VERSION}`,
    );
  }
}
