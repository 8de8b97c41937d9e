import { readFile } from 'node:fs/promises';
import type { Session } from '../sessions/session.ts';
import { isSqlError, type SqlError } from '../sessions/sql-error.ts';

/** What became of the procedure by which applications publish. */
export type SqlPublishing =
  /** It was there. */
  | { readonly kind: 'current' }
  /** It was made. */
  | {
      readonly kind: 'created';
      /** On MySQL this took away the rights to execute the one before: what has to be granted anew, as far as is known. */
      readonly grantsLost: readonly string[] | 'unknown';
    }
  /** This user may not make it; perhaps an older version is there. */
  | { readonly kind: 'not-allowed'; readonly errno: number };

const NAME = 'publish_message';
/** Made before the old one is dropped: so a user who may drop but not create leaves the old one alone. */
const PROBE_NAME = 'publish_message_next';

/** Access denied: to the database, a table, a privilege of the server, a routine; and creation barred by the binary log. */
const NOT_ALLOWED_ERRNOS: ReadonlySet<number> = new Set([1044, 1142, 1143, 1227, 1370, 1419]);

const COMMENT = /^COMMENT '([^']+)'$/m;

/**
 * Makes `publish_message` where it is missing or of another version. Not a numbered migration: a user without the right
 * to create procedures can do all the rest, and a later start with the right completes it.
 */
export async function ensureSqlPublishing(session: Session, folder: string): Promise<SqlPublishing> {
  const file = await readFile(`${folder}/procedures/${NAME}.sql`, 'utf8');
  const sql = file.slice(file.indexOf('CREATE PROCEDURE')).trim().replace(/;$/, '');
  const comment = COMMENT.exec(sql)?.[1];
  const [found] = await session.select<{ readonly comment: string }>(
    'SELECT routine_comment AS comment FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_name = ?',
    [NAME],
  );
  if (found !== undefined && found.comment === comment) return { kind: 'current' };
  try {
    const grantsLost = session.facts.returnsInserted
      ? await replaceAtOnce(session, sql)
      : await dropAndCreate(session, sql, found !== undefined);
    return { kind: 'created', grantsLost };
  } catch (error) {
    if (isNotAllowed(error)) return { kind: 'not-allowed', errno: error.errno };
    throw error;
  }
}

/** MariaDB: callers always find one or the other, and keep their rights. */
async function replaceAtOnce(session: Session, sql: string): Promise<readonly string[]> {
  await session.run(sql.replace('CREATE PROCEDURE', 'CREATE OR REPLACE PROCEDURE'));
  return [];
}

/**
 * MySQL has no such statement: for some milliseconds there is none, and all rights on it are gone with the old one. What
 * was granted is granted again where this user may read and grant it.
 */
async function dropAndCreate(
  session: Session,
  sql: string,
  isThere: boolean,
): Promise<readonly string[] | 'unknown'> {
  if (!isThere) {
    await session.run(sql);
    return [];
  }
  await session.run(`DROP PROCEDURE IF EXISTS ${PROBE_NAME}`);
  await session.run(sql.replace(`CREATE PROCEDURE ${NAME}`, `CREATE PROCEDURE ${PROBE_NAME}`));
  await session.run(`DROP PROCEDURE ${PROBE_NAME}`);
  const grants = await readGrants(session);
  await session.run(`DROP PROCEDURE ${NAME}`);
  await session.run(sql);
  return grants === 'unknown' ? grants : await grantAgain(session, grants);
}

async function readGrants(session: Session): Promise<readonly string[] | 'unknown'> {
  try {
    const rows = await session.select<{ readonly grant_text: string }>(
      `SELECT CONCAT('GRANT EXECUTE ON PROCEDURE \`', REPLACE(DATABASE(), '\`', '\`\`'), '\`.${NAME} TO ', QUOTE(User), '@', QUOTE(Host)) AS grant_text
       FROM mysql.procs_priv
       WHERE Db = DATABASE() AND Routine_name = ? AND Routine_type = 'PROCEDURE' AND FIND_IN_SET('Execute', Proc_priv)`,
      [NAME],
    );
    return rows.map((row) => row.grant_text);
  } catch (error) {
    if (isNotAllowed(error)) return 'unknown';
    throw error;
  }
}

async function grantAgain(session: Session, grants: readonly string[]): Promise<readonly string[]> {
  const lost: string[] = [];
  for (const grant of grants) {
    try {
      await session.run(grant);
    } catch (error) {
      if (!isSqlError(error)) throw error;
      lost.push(grant);
    }
  }
  return lost;
}

function isNotAllowed(error: unknown): error is SqlError {
  return isSqlError(error) && NOT_ALLOWED_ERRNOS.has(error.errno);
}
