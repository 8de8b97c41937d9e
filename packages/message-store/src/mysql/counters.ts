import type { Session } from './session.ts';
import {
  IN_LIST_MAX,
  padInList,
  partsOf,
  placeholders,
  roundUpRowCount,
  rowPlaceholders,
  ROWS_PER_STATEMENT_MAX,
} from './statement-shape.ts';

/** Counters as this transaction sees them after it has raised them: it holds their rows to its end. */
export interface CounterState {
  readonly heads: ReadonlyMap<string, number>;
  readonly epoch: string;
  /** The database's clock, as it writes it. */
  readonly databaseTime: string;
  /** False where nothing waits in the outbox, for whatever target. */
  readonly outboxHasRows: boolean;
}

/**
 * Adds to each target's head and so takes its row's lock. Always in the byte order of the ids: two transactions that
 * take the same targets in different order would deadlock. Negative numbers give offsets back.
 */
export async function addToCounters(session: Session, additions: ReadonlyMap<string, number>): Promise<void> {
  const sorted = [...additions].sort(([a], [b]) => (a < b ? -1 : 1)); // ids are ASCII: this is byte order
  for (const part of partsOf(sorted, ROWS_PER_STATEMENT_MAX)) {
    const rowCount = roundUpRowCount(part.length);
    const [lastId = ''] = part.at(-1) ?? [];
    const padding = Array.from({ length: rowCount - part.length }, () => [lastId, 0]);
    await session.change(
      `INSERT INTO targets (target_id, head) VALUES ${rowPlaceholders(rowCount, 2)} ON DUPLICATE KEY UPDATE head = head + VALUES(head)`,
      [...part, ...padding].flat(),
    );
  }
}

interface CounterRow {
  readonly target_id: string;
  readonly head: number;
  readonly epoch: string;
  readonly now: string;
  readonly outbox_has_rows: number;
}

/**
 * Reads counters that this transaction has raised. With them comes whether anything waits in the outbox: one index
 * entry that the server reads once for the statement, so that an append costs no more where nobody publishes by SQL.
 */
export async function readCounters(session: Session, targetIds: readonly string[]): Promise<CounterState> {
  const heads = new Map<string, number>();
  let last: CounterRow | undefined;
  for (const part of partsOf(targetIds, IN_LIST_MAX)) {
    const ids = padInList(part);
    const rows = await session.select<CounterRow>(
      `SELECT t.target_id, t.head, e.epoch, CURRENT_TIMESTAMP(3) AS now, EXISTS (SELECT 1 FROM outbox) AS outbox_has_rows FROM targets t CROSS JOIN log_epoch e WHERE t.target_id IN (${placeholders(ids.length)})`,
      ids,
    );
    for (const row of rows) heads.set(row.target_id, row.head);
    last = rows.at(-1) ?? last;
  }
  if (last === undefined || heads.size !== targetIds.length) {
    throw new Error('the database lost counters that were just written, or has no epoch');
  }
  return { heads, epoch: last.epoch, databaseTime: last.now, outboxHasRows: last.outbox_has_rows === 1 };
}
