import type { LogHead, LogHeads } from '../message-store.ts';
import type { Session } from './session.ts';
import { padInList, placeholders } from './statement-shape.ts';

interface HeadRow {
  readonly epoch: string;
  readonly target_id: string | null;
  readonly head: number | null;
  readonly epoch_start: number | null;
}

const UNWRITTEN: LogHead = { head: 0, epochStart: 0 };

/** Heads of so many targets, each found by its key; one row without a target where none of them has any. */
export function readHeadsStatement(idCount: number): string {
  const condition = idCount === 0 ? 'FALSE' : `t.target_id IN (${placeholders(idCount)})`;
  return `SELECT e.epoch, t.target_id, t.head, t.epoch_start FROM log_epoch e LEFT JOIN targets t ON ${condition} WHERE e.singleton = 1`;
}

/** Reads the heads of many targets, and the epoch with them, in one statement. */
export async function readLogHeads(session: Session, targetIds: readonly string[]): Promise<LogHeads> {
  const ids = padInList(targetIds);
  const rows = await session.select<HeadRow>(readHeadsStatement(ids.length), ids);
  const [first] = rows;
  if (first === undefined) throw new Error('the database has no epoch');
  const heads = new Map(targetIds.map((targetId) => [targetId, UNWRITTEN]));
  for (const row of rows) {
    if (row.target_id === null) continue;
    heads.set(row.target_id, { head: row.head ?? 0, epochStart: row.epoch_start ?? 0 });
  }
  return { epoch: first.epoch, heads };
}
