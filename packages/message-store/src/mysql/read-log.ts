import type { LogQuery, LogSlice, StoredMessage } from '../message-store.ts';
import { isoFromDatabaseTime } from './database-time.ts';
import type { Session } from './session.ts';

/**
 * One statement, so one snapshot: first where the log stands, then its rows. The two parts are joined by UNION ALL and
 * not by a JOIN, because for that both servers would read the whole rest of the log and sort it; so it is a range scan
 * of the index that stops at the limit.
 */
export const READ_LOG_STATEMENT = `
(SELECT e.epoch, t.head, t.epoch_start, NULL AS id, NULL AS \`offset\`, NULL AS message, NULL AS created_at
   FROM log_epoch e LEFT JOIN targets t ON t.target_id = ? WHERE e.singleton = 1)
UNION ALL
(SELECT NULL, NULL, NULL, CAST(m.id AS CHAR), m.\`offset\`, m.message, m.created_at
   FROM messages m FORCE INDEX (messages_target_offset)
  WHERE m.target_id = ? AND m.\`offset\` > ? ORDER BY m.\`offset\` LIMIT ?)`;

interface LogRow {
  readonly epoch: string | null;
  readonly head: number | null;
  readonly epoch_start: number | null;
  readonly id: string | null;
  readonly offset: number | null;
  readonly message: string | null;
  readonly created_at: string | null;
}

/** Reads a part of a target's log together with its head and epoch. */
export async function readLogSlice(session: Session, query: LogQuery): Promise<LogSlice> {
  const { targetId, afterOffset, limit } = query;
  const rows = await session.select<LogRow>(READ_LOG_STATEMENT, [
    targetId,
    targetId,
    afterOffset,
    String(limit), // a number is refused here by MySQL from 8.0.22 on where the driver sends it as a double
  ]);
  const messages: StoredMessage[] = [];
  let state: LogRow | undefined;
  for (const row of rows) {
    if (row.id === null) state = row;
    else messages.push(storedMessage(row.id, targetId, row));
  }
  const { epoch, head, epoch_start: epochStart } = state ?? {};
  if (typeof epoch !== 'string') throw new Error('the database has no epoch');
  messages.sort((a, b) => a.offset - b.offset);
  return { epoch, head: head ?? 0, epochStart: epochStart ?? 0, messages };
}

function storedMessage(id: string, targetId: string, row: LogRow): StoredMessage {
  return {
    id,
    targetId,
    offset: Number(row.offset),
    message: row.message ?? '',
    createdAt: isoFromDatabaseTime(row.created_at ?? ''),
  };
}
