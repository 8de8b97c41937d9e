import { SchemaVersionError } from '../sessions/schema-version-error.ts';
import type { Session } from '../sessions/session.ts';
import { hasErrno, SQL_ERRORS } from '../sessions/sql-error.ts';

/** The newest migration that this program was written for. */
export const SCHEMA_VERSION = 11;

/**
 * The newest migration of the previous release. A relay that is upgraded before the first API runs on this schema, and
 * uses nothing from later migrations. Before 0.2.0 there was no such release, so APIs are upgraded first.
 */
export const SCHEMA_VERSION_BEFORE = 11;

/** From this migration on, the table records which migrations are compatible. */
const FIRST_MARKED_VERSION = 11;

/** The last completed migration; 0 if none was applied. */
export async function readSchemaVersion(session: Session): Promise<number> {
  try {
    const [row] = await session.select<{ version: number | null }>(
      'SELECT MAX(version) AS version FROM schema_migrations',
      [],
    );
    return row?.version ?? 0;
  } catch (error) {
    if (hasErrno(error, SQL_ERRORS.noSuchTable)) return 0;
    throw error;
  }
}

/**
 * Reads the version of the schema. Throws a SchemaVersionError if it is older than `versionMin`, or if a newer
 * migration is not marked compatible. During a rolling upgrade, a newer API migrates the schema while older services
 * still run or restart.
 */
export async function checkSchema(session: Session, versionMin = SCHEMA_VERSION): Promise<number> {
  const version = await readSchemaVersion(session);
  if (version < versionMin) {
    throw new SchemaVersionError(
      'schema_version',
      `the database's schema is version ${version}, this program needs ${versionMin}`,
    );
  }
  if (version > SCHEMA_VERSION) await refuseIncompatible(session);
  return version;
}

async function refuseIncompatible(session: Session): Promise<void> {
  const [found] = await session.select<{ version: number }>(
    'SELECT version FROM schema_migrations WHERE version > ? AND NOT compatible ORDER BY version LIMIT 1',
    [SCHEMA_VERSION],
  );
  if (found === undefined) return;
  throw new SchemaVersionError(
    'schema_too_new',
    `the database's schema has migration ${found.version}, which this program can't work with (it knows ${SCHEMA_VERSION}): start the newer program`,
  );
}

/** Records a completed migration. */
export async function recordMigration(
  session: Session,
  { version, name, isCompatible }: { version: number; name: string; isCompatible: boolean },
): Promise<void> {
  if (version < FIRST_MARKED_VERSION) {
    await session.change('INSERT INTO schema_migrations (version, name) VALUES (?, ?)', [version, name]);
    return;
  }
  await session.change('INSERT INTO schema_migrations (version, name, compatible) VALUES (?, ?, ?)', [
    version,
    name,
    Number(isCompatible),
  ]);
}
