import {
  leadingRowsToDelete,
  type OldRow,
  TRIMMED_ROWS_MAX,
  TRIMMED_TARGETS_MAX,
  type TrimQuery,
  type TrimStep,
} from '../../log-trimmer.ts';
import type { Session } from '../sessions/session.ts';

/** Names the lock after the database. A lock's name may have at most 64 characters. */
const LOCK_NAME_SQL = "CONCAT('postline-retention:', LEFT(SHA2(DATABASE(), 256), 36))";

/**
 * The oldest row of each target of a page. It uses ORDER BY and LIMIT, because MIN() would read all rows of a target.
 */
const CANDIDATES_STATEMENT = `
SELECT t.target_id, t.head,
  (SELECT m.\`offset\` FROM messages m WHERE m.target_id = t.target_id ORDER BY m.\`offset\` LIMIT 1) AS oldest,
  (SELECT m.created_at < CURRENT_TIMESTAMP(3) - INTERVAL ? SECOND FROM messages m
    WHERE m.target_id = t.target_id ORDER BY m.\`offset\` LIMIT 1) AS expired
FROM targets t WHERE t.target_id > ? ORDER BY t.target_id LIMIT ${TRIMMED_TARGETS_MAX}`;

const OLDEST_STATEMENT = `
SELECT CAST(id AS CHAR) AS id, \`offset\`, created_at < CURRENT_TIMESTAMP(3) - INTERVAL ? SECOND AS expired
FROM messages FORCE INDEX (messages_target_offset) WHERE target_id = ? ORDER BY \`offset\` LIMIT ${TRIMMED_ROWS_MAX}`;

/**
 * Deletes rows one by one, by primary key. A range of offsets would also lock the next row, which a publisher may be
 * using.
 */
const DELETE_STATEMENT =
  "DELETE m FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) old STRAIGHT_JOIN messages m FORCE INDEX (PRIMARY) ON m.id = old.id";

interface CandidateRow {
  readonly target_id: string;
  readonly head: number;
  readonly oldest: number | null;
  readonly expired: number | null;
}

/** One step of the retention rule, on a session where each statement is its own transaction. */
export async function deleteOldestRows(session: Session, query: TrimQuery): Promise<TrimStep> {
  const [lock] = await session.select<{ taken: number | string | null }>(
    `SELECT GET_LOCK(${LOCK_NAME_SQL}, 0) AS taken`,
    [],
  );
  if (Number(lock?.taken) !== 1) return { kind: 'busy' };
  try {
    return await trimPage(session, query);
  } finally {
    if (!session.isLost) await session.select(`SELECT RELEASE_LOCK(${LOCK_NAME_SQL}) AS released`, []);
  }
}

async function trimPage(session: Session, query: TrimQuery): Promise<TrimStep> {
  const { secondsMax = null, messagesPerTargetMax = Number.MAX_SAFE_INTEGER } = query;
  const candidates = await session.select<CandidateRow>(CANDIDATES_STATEMENT, [
    secondsMax,
    query.afterTargetId,
  ]);
  let deletedCount = 0;
  let done = query.afterTargetId;
  for (const { target_id: targetId, head, oldest, expired } of candidates) {
    const isDue = oldest !== null && (expired === 1 || oldest <= head - messagesPerTargetMax);
    if (isDue) {
      if (deletedCount >= TRIMMED_ROWS_MAX) return { kind: 'trimmed', deletedCount, nextAfter: done };
      const rows = leadingRowsToDelete(await readOldest(session, targetId, secondsMax), head, query);
      const part = rows.slice(0, TRIMMED_ROWS_MAX - deletedCount);
      if (part.length > 0)
        await session.change(DELETE_STATEMENT, [`[${part.map(({ id }) => id).join(',')}]`]);
      deletedCount += part.length;
      const mayHaveMore = part.length < rows.length || rows.length === TRIMMED_ROWS_MAX;
      if (mayHaveMore) return { kind: 'trimmed', deletedCount, nextAfter: done };
    }
    done = targetId;
  }
  const isLastPage = candidates.length < TRIMMED_TARGETS_MAX;
  return { kind: 'trimmed', deletedCount, nextAfter: isLastPage ? undefined : done };
}

interface OldestRow {
  readonly id: string;
  readonly offset: number;
  readonly expired: number | null;
}

async function readOldest(
  session: Session,
  targetId: string,
  secondsMax: number | null,
): Promise<readonly OldRow[]> {
  const rows = await session.select<OldestRow>(OLDEST_STATEMENT, [secondsMax, targetId]);
  return rows.map(({ id, offset, expired }) => ({ id, offset, expired: expired === 1 }));
}
