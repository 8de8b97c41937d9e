import { randomBytes } from 'node:crypto';
import {
  countByTarget,
  planAppend,
  type PlannedRow,
  planOutcomes,
  storedRows,
} from '../../rules/append-plan.ts';
import type { AppendOutcome, AppendRequest, StoredMessage } from '../../message-store.ts';
import type { SetAsideRow } from '../../outbox.ts';
import { addToCounters, type CounterState, raiseCounters } from './counters.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import { insertRows } from './insert-rows.ts';
import { deleteOutboxRows, type OutboxRow, type OutboxRows, readOutboxRows } from './outbox-rows.ts';
import type { Session } from '../sessions/session.ts';
import { setAsideRows } from './set-aside.ts';
import { readStoredKeys } from './stored-keys.ts';

/** What one transaction is to write. */
export interface AppendWork {
  readonly requests: readonly AppendRequest[];
  /** Targets whose outbox is to be moved, beside those of the requests. */
  readonly moveFor: readonly string[];
  /** Of the outbox at most so many rows: for finding the one that the database refuses. */
  readonly outboxRowsMax?: number;
  /** Where the database refused that one: it is set aside for this reason, and nothing is moved. */
  readonly setAsideFor?: string;
}

/** What a transaction brings about; true once it is committed. */
export interface AppendResult {
  readonly epoch: string;
  /** One for each request, in order. */
  readonly outcomes: readonly AppendOutcome[];
  /** What was in the outbox for these targets, now in their logs. */
  readonly moved: readonly StoredMessage[];
  /** What was in the outbox and no log takes, now out of the way. */
  readonly setAside: readonly SetAsideRow[];
  /** Targets that still have something in the outbox: it was too much for one transaction. */
  readonly unfinished: ReadonlySet<string>;
}

/** An append whose rows were inserted; whether they are there to stay is the COMMIT's answer. */
export interface WrittenAppend {
  readonly rows: readonly PlannedRow[];
  readonly ids: readonly string[];
  /** Stands in every one of these rows, and in no other. */
  readonly appendId: string;
  /** Those whose counters the transaction holds. */
  readonly targetIds: readonly string[];
  readonly result: AppendResult;
}

/** 96 random bits as 16 characters. */
const APPEND_ID_BYTES = 12;

const NOTHING_WAITS: OutboxRows = { rows: [], untaken: [], unfinished: new Set() };

/**
 * Does everything of an append but its COMMIT. The order matters: first the counters, so that from then on nobody
 * else adds to these logs; then what is in the outbox, which comes before the requests; then the idempotency keys.
 */
export async function writeAppend(session: Session, work: AppendWork): Promise<WrittenAppend> {
  const counts = countByTarget(work.requests);
  for (const targetId of work.moveFor) if (!counts.has(targetId)) counts.set(targetId, 0);
  const targetIds = [...counts.keys()];
  const counters = await raiseCounters(session, counts);
  const outbox = counters.outboxHasRows
    ? limited(await readOutboxRows(session, targetIds), work)
    : NOTHING_WAITS;
  const setAside = outbox.untaken.length === 0 ? [] : await setAsideRows(session, outbox.untaken);
  const headBefore = (targetId: string) => headOf(counters, targetId) - (counts.get(targetId) ?? NaN);
  const moves = planMoves(outbox.rows, headBefore);

  // What is left in the outbox comes before these requests: they wait for it.
  const isContended = isForOneOf(outbox.unfinished);
  const requests = work.requests.filter((request) => !isContended(request));
  const storedByKey = await readStoredKeys(session, requests);
  const headAfterMoves = (targetId: string) => headBefore(targetId) + (moves.counts.get(targetId) ?? 0);
  const plan = planAppend({ requests, headBefore: headAfterMoves, storedByKey });

  const rows = moves.rows.length === 0 ? plan.rows : [...moves.rows, ...plan.rows];
  const areAllNew = outbox.rows.length === 0 && plan.rows.length === messageCount(work.requests);
  if (!areAllNew) await correctCounters(session, counts, rows);
  const appendId = randomBytes(APPEND_ID_BYTES).toString('base64url');
  const stamp = { databaseTime: counters.databaseTime, appendId };
  const ids = rows.length === 0 ? [] : await insertRows(session, rows, stamp);
  if (outbox.rows.length > 0) await deleteOutboxRows(session, outbox.rows);

  const { epoch } = counters;
  const createdAt = isoFromDatabaseTime(counters.databaseTime);
  const planned = planOutcomes(plan, { ids: ids.slice(moves.rows.length), createdAt, epoch });
  const outcomes = withContended(work.requests, isContended, planned);
  const moved = storedRows(moves.rows, { ids, createdAt });
  const result = { epoch, outcomes, moved, setAside, unfinished: outbox.unfinished };
  return { rows, ids, appendId, targetIds, result };
}

/** Only the first rows, where the work says so. */
function limited(outbox: OutboxRows, { outboxRowsMax = Infinity, setAsideFor }: AppendWork): OutboxRows {
  if (outbox.rows.length <= outboxRowsMax && setAsideFor === undefined) return outbox;
  const first = outbox.rows.slice(0, outboxRowsMax);
  const left = outbox.rows.slice(outboxRowsMax).map(({ targetId }) => targetId);
  const unfinished = new Set([...outbox.unfinished, ...left]);
  if (setAsideFor === undefined) return { rows: first, untaken: outbox.untaken, unfinished };
  const untaken = first.map(({ id }) => ({ id, reason: setAsideFor }));
  return { rows: [], untaken: [...outbox.untaken, ...untaken], unfinished };
}

/** Whether a request is for one of these targets. */
export function isForOneOf(targetIds: ReadonlySet<string>): (request: AppendRequest) => boolean {
  if (targetIds.size === 0) return () => false;
  return ({ messages }) => messages.some(({ targetId }) => targetIds.has(targetId));
}

/** The outcomes of the requests that were tried, in the order of all; the others are contended. */
export function withContended(
  requests: readonly AppendRequest[],
  isContended: (request: AppendRequest) => boolean,
  outcomes: readonly AppendOutcome[],
): readonly AppendOutcome[] {
  const inOrder = outcomes.values();
  return requests.map((request) =>
    isContended(request) ? { kind: 'contended' } : (inOrder.next().value ?? { kind: 'contended' }),
  );
}

function messageCount(requests: readonly AppendRequest[]): number {
  return requests.reduce((sum, { messages }) => sum + messages.length, 0);
}

function headOf({ heads }: CounterState, targetId: string): number {
  return heads.get(targetId) ?? NaN;
}

interface PlannedMoves {
  readonly rows: readonly PlannedRow[];
  readonly counts: ReadonlyMap<string, number>;
}

function planMoves(outboxRows: readonly OutboxRow[], headBefore: (targetId: string) => number): PlannedMoves {
  const counts = new Map<string, number>();
  const rows = outboxRows.map(({ targetId, message }): PlannedRow => {
    const count = (counts.get(targetId) ?? 0) + 1;
    counts.set(targetId, count);
    const offset = headBefore(targetId) + count;
    return { publisher: '', targetId, offset, message, idempotencyKey: undefined };
  });
  return { rows, counts };
}

/** Each request had taken an offset for each message. Replays and refusals need none, what is moved needs more. */
async function correctCounters(
  session: Session,
  counts: ReadonlyMap<string, number>,
  rows: readonly PlannedRow[],
): Promise<void> {
  const corrections = new Map([...counts].map(([targetId, count]) => [targetId, -count]));
  for (const { targetId } of rows) corrections.set(targetId, (corrections.get(targetId) ?? 0) + 1);
  for (const [targetId, correction] of corrections) if (correction === 0) corrections.delete(targetId);
  if (corrections.size > 0) await addToCounters(session, corrections);
}
