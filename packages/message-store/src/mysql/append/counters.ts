import { partsOf } from '@postline/service-runtime';
import type { Session, SqlValue } from '../sessions/session.ts';
import {
  IN_LIST_MAX,
  keptTexts,
  padInList,
  placeholders,
  roundUpRowCount,
  rowPlaceholders,
  ROWS_PER_STATEMENT_MAX,
} from '../sessions/statement-shape.ts';

/** The counters after this transaction has raised them. It holds their rows until it ends. */
export interface CounterState {
  readonly heads: ReadonlyMap<string, number>;
  readonly epoch: string;
  /** The database's clock, in the database's format. */
  readonly databaseTime: string;
  /** False if the outbox is empty. */
  readonly outboxHasRows: boolean;
}

const addToHeads = keptTexts(
  (rowCount) =>
    `INSERT INTO targets (target_id, head) VALUES ${rowPlaceholders(rowCount, 2)} ON DUPLICATE KEY UPDATE head = head + VALUES(head)`,
);
const addToHeadsReturning = keptTexts((rowCount) => `${addToHeads(rowCount)} RETURNING head`);

interface LogStateRow {
  readonly epoch: string;
  readonly now: string;
  readonly outbox_has_rows: number;
}

/** Checks one index entry, so the outbox costs almost nothing if no application publishes by SQL. */
export const LOG_STATE =
  'e.epoch, CURRENT_TIMESTAMP(3) AS now, EXISTS (SELECT 1 FROM outbox) AS outbox_has_rows';

/**
 * Adds to each target's head, and reads the heads and the other facts that an append needs. MariaDB returns the heads
 * from the first statement. The other facts need a second statement there too: a subquery in an INSERT … VALUES is a
 * locking read, and would wait for every application that is publishing by SQL.
 */
export async function raiseCounters(
  session: Session,
  additions: ReadonlyMap<string, number>,
): Promise<CounterState> {
  if (!session.facts.returnsInserted) {
    await addToCounters(session, additions);
    return readCounters(session, [...additions.keys()]);
  }
  const heads = new Map<string, number>();
  for (const part of inLockOrder(additions)) {
    const { text, values } = addition(part, addToHeadsReturning);
    const rows = await session.select<{ readonly head: number }>(text, values);
    for (const [index, [targetId]] of part.entries()) heads.set(targetId, rows[index]?.head ?? NaN);
  }
  const [row] = await session.select<LogStateRow>(`SELECT ${LOG_STATE} FROM log_epoch e`, []);
  return counterState(heads, row);
}

/** Adds to each target's head, which locks its row. Negative numbers give offsets back. */
export async function addToCounters(session: Session, additions: ReadonlyMap<string, number>): Promise<void> {
  for (const part of inLockOrder(additions)) {
    const { text, values } = addition(part, addToHeads);
    await session.change(text, values);
  }
}

type Addition = readonly [targetId: string, count: number];

/** In byte order of the ids: two transactions that lock the same targets in different order would deadlock. */
function inLockOrder(additions: ReadonlyMap<string, number>): Iterable<readonly Addition[]> {
  const sorted = [...additions].sort(([a], [b]) => (a < b ? -1 : 1)); // ids are ASCII: this is byte order
  return partsOf(sorted, ROWS_PER_STATEMENT_MAX);
}

/** Repeats the last counter with an addition of 0, until there is a prepared statement for the number of rows. */
function addition(part: readonly Addition[], textFor: (rowCount: number) => string) {
  const rowCount = roundUpRowCount(part.length);
  const [lastId = ''] = part.at(-1) ?? [];
  const values: SqlValue[] = [];
  for (const [targetId, count] of part) values.push(targetId, count);
  while (values.length < 2 * rowCount) values.push(lastId, 0);
  return { text: textFor(rowCount), values };
}

interface CounterRow extends LogStateRow {
  readonly target_id: string;
  readonly head: number;
}

async function readCounters(session: Session, targetIds: readonly string[]): Promise<CounterState> {
  const heads = new Map<string, number>();
  let last: CounterRow | undefined;
  for (const part of partsOf(targetIds, IN_LIST_MAX)) {
    const ids = padInList(part);
    const rows = await session.select<CounterRow>(
      `SELECT t.target_id, t.head, ${LOG_STATE} FROM targets t CROSS JOIN log_epoch e WHERE t.target_id IN (${placeholders(ids.length)})`,
      ids,
    );
    for (const row of rows) heads.set(row.target_id, row.head);
    last = rows.at(-1) ?? last;
  }
  if (heads.size !== targetIds.length) throw new Error('the database lost counters that were just written');
  return counterState(heads, last);
}

function counterState(heads: ReadonlyMap<string, number>, row: LogStateRow | undefined): CounterState {
  if (row === undefined) throw new Error('the database has no epoch');
  return { heads, epoch: row.epoch, databaseTime: row.now, outboxHasRows: row.outbox_has_rows === 1 };
}
