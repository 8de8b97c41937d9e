import type { SetAsideRow } from '../../outbox.ts';
import { targetFault } from './outbox-row-fault.ts';
import { deleteOutboxRows, type UntakenRow } from './outbox-rows.ts';
import type { Session } from '../sessions/session.ts';

/** Characters of `outbox_refused.reason`; a server's error may be longer. */
const REASON_CHARACTERS_MAX = 255;

/** Rows of one transaction. Each takes a round trip for its lock, so these take some tens of milliseconds. */
const SET_ASIDE_ROWS_MAX = 128;

/** JSON_TABLE can't be locked, but the rows are locked already. */
const MOVE_STATEMENT = `
INSERT INTO outbox_refused (outbox_id, target_id, kind, client_id, message, created_at, reason)
SELECT o.id, CAST(o.target_id AS BINARY), CAST(o.kind AS BINARY), CAST(o.client_id AS BINARY), CAST(o.message AS BINARY),
  o.created_at, untaken.reason
FROM JSON_TABLE(?, '$[*]' COLUMNS (
  id BIGINT PATH '$.id',
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason'
)) untaken STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY) ON o.id = untaken.id`;

/**
 * Moves rows that can't be moved to a log into the table `outbox_refused`, unchanged. After that they no longer block
 * the rows behind them. If another API handles the same rows, each row is moved and reported by one of the two.
 */
export async function setAsideRows(
  session: Session,
  untaken: readonly UntakenRow[],
): Promise<readonly SetAsideRow[]> {
  const rows: SetAsideRow[] = [];
  for (const { id, reason } of untaken.slice(0, SET_ASIDE_ROWS_MAX)) {
    const [row] = await session.select<{ target_bytes: Buffer | null }>(
      'SELECT CAST(target_id AS BINARY) AS target_bytes FROM outbox WHERE id = ? FOR UPDATE',
      [id],
    );
    if (row === undefined) continue;
    const targetId = row.target_bytes?.toString('latin1') ?? '';
    rows.push({ outboxId: id, targetId, reason: reason.slice(0, REASON_CHARACTERS_MAX) });
  }
  if (rows.length === 0) return rows;
  const moved = rows.map(({ outboxId: id, reason }) => ({ id, reason }));
  await session.change(MOVE_STATEMENT, [JSON.stringify(moved)]);
  await deleteOutboxRows(session, moved);
  return rows;
}

/** Sets aside outbox rows whose targets are no valid ids. This concerns no log, so it locks no counter. */
export async function setAsideBadTargets(
  session: Session,
  targetIds: readonly string[],
): Promise<readonly SetAsideRow[]> {
  // By row id: the comparison treats NULL, the empty text and spaces as one target, so each of them finds the same
  // rows.
  const untaken = new Map<string, UntakenRow>();
  for (const targetId of targetIds) {
    const isNothing = targetId === '';
    const rows = await session.select<{ id: string; target_bytes: Buffer | null }>(
      `SELECT CAST(id AS CHAR) AS id, CAST(target_id AS BINARY) AS target_bytes FROM outbox WHERE target_id = ?${isNothing ? ' OR target_id IS NULL' : ''} LIMIT ${SET_ASIDE_ROWS_MAX}`,
      [targetId],
    );
    for (const { id, target_bytes: target } of rows) {
      const reason = targetFault(target);
      if (reason !== undefined) untaken.set(id, { id, reason });
    }
    if (untaken.size >= SET_ASIDE_ROWS_MAX) break;
  }
  const setAside = await setAsideRows(session, [...untaken.values()]);
  await session.run('COMMIT');
  return setAside;
}
