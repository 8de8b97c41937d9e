import { readFile } from 'node:fs/promises';
import type { Session } from '../sessions/session.ts';
import { isSqlError, type SqlError } from '../sessions/sql-error.ts';

/** The state of the procedures by which applications publish and change groups. */
export type SqlPublishing =
  /** All of them already existed. */
  | { readonly kind: 'current' }
  /** At least one was created. */
  | {
      readonly kind: 'created';
      /** What the user lost on MySQL, where replacing a procedure removes the rights to execute it. */
      readonly grantsLost: GrantsLost;
    }
  /** This user may not create these procedures. Older versions may exist. */
  | { readonly kind: 'not-allowed'; readonly errno: number; readonly procedures: readonly ProcedureName[] };

const PROCEDURES = ['publish_message', 'join_group', 'leave_group'] as const;
type ProcedureName = (typeof PROCEDURES)[number];

/** The grants to make again; unknown if this user may not read them. */
type GrantsLost = readonly string[] | 'unknown';

function bothGrants(one: GrantsLost, other: GrantsLost): GrantsLost {
  return one === 'unknown' || other === 'unknown' ? 'unknown' : [...one, ...other];
}

type EnsuredProcedure =
  | { readonly kind: 'current' }
  | { readonly kind: 'created'; readonly grantsLost: GrantsLost }
  | { readonly kind: 'not-allowed'; readonly errno: number };

/**
 * Access denied to the database, a table, a server privilege or a routine; or the binary log forbids creating
 * procedures.
 */
const NOT_ALLOWED_ERRNOS: ReadonlySet<number> = new Set([1044, 1142, 1143, 1227, 1370, 1419]);

const COMMENT = /^COMMENT '([^']+)'$/m;
const COMMENT_VERSION = /^Postline, version (\d+)$/;

/**
 * Creates procedures that are missing or outdated; procedures of a newer release stay. This is not a numbered
 * migration, so a user without the right to create procedures can do everything else. A later start with that right
 * completes it.
 */
export async function ensureSqlPublishing(session: Session, folder: string): Promise<SqlPublishing> {
  const refused: ProcedureName[] = [];
  let errno = 0;
  let grantsLost: GrantsLost = [];
  let isAnyCreated = false;
  for (const name of PROCEDURES) {
    const ensured = await ensureProcedure(session, folder, name);
    if (ensured.kind === 'not-allowed') {
      refused.push(name);
      errno = ensured.errno;
    } else if (ensured.kind === 'created') {
      isAnyCreated = true;
      grantsLost = bothGrants(grantsLost, ensured.grantsLost);
    }
  }
  if (refused.length > 0) return { kind: 'not-allowed', errno, procedures: refused };
  return isAnyCreated ? { kind: 'created', grantsLost } : { kind: 'current' };
}

async function ensureProcedure(
  session: Session,
  folder: string,
  name: ProcedureName,
): Promise<EnsuredProcedure> {
  const file = await readFile(`${folder}/procedures/${name}.sql`, 'utf8');
  const sql = file.slice(file.indexOf('CREATE PROCEDURE')).trim().replace(/;$/, '');
  const comment = COMMENT.exec(sql)?.[1];
  const [found] = await session.select<{ readonly comment: string }>(
    'SELECT routine_comment AS comment FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_name = ?',
    [name],
  );
  if (found !== undefined && versionIn(found.comment) >= versionIn(comment)) return { kind: 'current' };
  try {
    const grantsLost = session.facts.returnsInserted
      ? await replaceAtOnce(session, sql)
      : await dropAndCreate(session, name, sql, found !== undefined);
    return { kind: 'created', grantsLost };
  } catch (error) {
    if (isNotAllowed(error)) return { kind: 'not-allowed', errno: error.errno };
    throw error;
  }
}

/** 0 for procedures that were created before they had versions. */
function versionIn(comment = ''): number {
  return Number(COMMENT_VERSION.exec(comment)?.[1] ?? 0);
}

/** For MariaDB: callers always find either the old or the new procedure, and keep their rights. */
async function replaceAtOnce(session: Session, sql: string): Promise<readonly string[]> {
  await session.run(sql.replace('CREATE PROCEDURE', 'CREATE OR REPLACE PROCEDURE'));
  return [];
}

/**
 * MySQL has no such statement. For some milliseconds there is no procedure, and all rights on the old one are lost.
 * They are granted again if this user may read and grant them.
 */
async function dropAndCreate(
  session: Session,
  name: ProcedureName,
  sql: string,
  isThere: boolean,
): Promise<readonly string[] | 'unknown'> {
  if (!isThere) {
    await session.run(sql);
    return [];
  }
  // Tests whether this user may create procedures before the old one is dropped. A user who may only drop leaves it
  // alone.
  const probeName = `${name}_next`;
  await session.run(`DROP PROCEDURE IF EXISTS ${probeName}`);
  await session.run(sql.replace(`CREATE PROCEDURE ${name}`, `CREATE PROCEDURE ${probeName}`));
  await session.run(`DROP PROCEDURE ${probeName}`);
  const grants = await readGrants(session, name);
  await session.run(`DROP PROCEDURE ${name}`);
  await session.run(sql);
  return grants === 'unknown' ? grants : await grantAgain(session, grants);
}

async function readGrants(session: Session, name: ProcedureName): Promise<readonly string[] | 'unknown'> {
  try {
    const rows = await session.select<{ readonly grant_text: string }>(
      `SELECT CONCAT('GRANT EXECUTE ON PROCEDURE \`', REPLACE(DATABASE(), '\`', '\`\`'), '\`.${name} TO ', QUOTE(User), '@', QUOTE(Host)) AS grant_text
       FROM mysql.procs_priv
       WHERE Db = DATABASE() AND Routine_name = ? AND Routine_type = 'PROCEDURE' AND FIND_IN_SET('Execute', Proc_priv)`,
      [name],
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
