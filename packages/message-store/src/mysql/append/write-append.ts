import { groupIdOf } from '@postline/protocol';
import type { MembersChange } from '../../member-store.ts';
import type { AppendOutcome, AppendRequest } from '../../message-store.ts';
import type { StoredMessage } from '../../stored-message.ts';
import type { SetAsideRow } from '../../outbox.ts';
import {
  countByTarget,
  planAppend,
  type PlannedRow,
  planOutcomes,
  storedRows,
} from '../../rules/append-plan.ts';
import type { MemberPlan } from '../../rules/member-plan.ts';
import { writeMembers } from '../members/write-members.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import type { Session } from '../sessions/session.ts';
import { newAppendId } from './append-id.ts';
import { addToCounters, type CounterState, raiseCounters } from './counters.ts';
import { insertRows } from './insert-rows.ts';
import {
  appendLoneMessage,
  type LoneAppend,
  type LoneMessage,
  loneMessageOf,
  type StoredLone,
} from './lone-message.ts';
import { deleteOutboxRows } from './outbox-rows.ts';
import { planMoves } from './plan-moves.ts';
import { setAsideRows } from './set-aside.ts';
import { readStoredKeys } from './stored-keys.ts';
import { NOTHING_WAITS, type OutboxBounds, takeOutbox } from './take-outbox.ts';

/** The work of one transaction. */
export interface AppendWork extends OutboxBounds {
  readonly requests: readonly AppendRequest[];
  readonly memberChanges?: readonly MembersChange[];
  /** By `placeKey`: positions that an earlier attempt gave to these changes, if its COMMIT was not answered. */
  readonly givenBefore?: ReadonlyMap<string, number>;
  /** Targets whose outbox rows are moved, besides the targets of the requests and changes. */
  readonly moveFor?: readonly string[];
}

/** The result of a transaction, valid after its commit. */
export interface AppendResult {
  readonly epoch: string;
  /** One for each request, in order. */
  readonly outcomes: readonly AppendOutcome[];
  /** Messages that were moved from the outbox to their logs. */
  readonly moved: readonly StoredMessage[];
  /** Outbox rows that can't be moved and were set aside. */
  readonly setAside: readonly SetAsideRow[];
  /** Has one outcome for each change of the work, in order. */
  readonly members: MemberPlan;
  /** Targets with rows left in the outbox, because there were too many for one transaction. */
  readonly unfinished: ReadonlySet<string>;
  /** Groups with rows left in the outbox, because another transaction held the members' lock. */
  readonly heldGroups: ReadonlySet<string>;
  /** The last target, in byte order, whose outbox rows were moved. */
  readonly lastMovedTarget: string | undefined;
  /** By `performance.now()`: no outbox row that was committed before this moment is left; undefined if some may be. */
  readonly outboxEmptyAtMs: number | undefined;
}

/** An append whose rows were inserted. The answer to COMMIT decides whether they stay. */
export interface WrittenAppend {
  readonly rows: readonly PlannedRow[];
  readonly ids: readonly string[];
  /** Stored in each of these rows, and in no other row. */
  readonly appendId: string;
  /** The targets whose counters the transaction holds. */
  readonly targetIds: readonly string[];
  /** False if there is nothing to commit. */
  readonly hasChanges: boolean;
  readonly result: AppendResult;
}

const NO_MEMBERS: MemberPlan = { rows: [], outcomes: [], refusedJoins: [] };

/** An append whose counters are raised, and what they were found to be. */
export interface BegunAppend extends LoneAppend, Pick<WrittenAppend, 'appendId'> {
  /** The targets of the work, and the number of messages for each. */
  readonly counts: ReadonlyMap<string, number>;
  readonly outboxEmptyAtMs: number | undefined;
}

/**
 * Begins an append: raises the counters of its targets, which locks them until the transaction ends. From then on no other
 * transaction adds to these logs or changes the members of these groups. A message that is alone is stored and committed
 * by this, if its session can: then the result is returned.
 */
export async function beginAppend(
  session: Session,
  work: AppendWork,
): Promise<{ readonly done: AppendResult } | BegunAppend> {
  const appendId = newAppendId();
  const beforeReadMs = performance.now(); // a row that is committed after the read is committed after this moment
  const emptyAtMs = ({ outboxHasRows }: CounterState) => (outboxHasRows ? undefined : beforeReadMs);
  const message = loneMessageOfWork(session, work);
  const lone = message && (await appendLoneMessage(session, message, appendId));
  if (lone?.committed !== undefined) return { done: loneResult(lone.committed, emptyAtMs(lone.counters)) };
  const counts = countsOf(work);
  const counters = lone?.counters ?? (await raiseCounters(session, counts));
  return { appendId, counts, counters, id: lone?.id, outboxEmptyAtMs: emptyAtMs(counters) };
}

function loneMessageOfWork(session: Session, work: AppendWork): LoneMessage | undefined {
  const isAppendOnly = work.memberChanges === undefined && work.moveFor === undefined;
  return session.takesBlocks && isAppendOnly ? loneMessageOf(work.requests) : undefined;
}

/**
 * Does the rest of an append except its COMMIT. The order matters. First come the outbox rows, which precede the requests
 * and changes; then the idempotency keys; then the rows.
 */
export async function writeAppend(
  session: Session,
  work: AppendWork,
  { appendId, counts, counters, id: loneId, outboxEmptyAtMs }: BegunAppend,
): Promise<WrittenAppend> {
  const memberChanges = work.memberChanges ?? [];
  const targetIds = [...counts.keys()];
  const outbox = counters.outboxHasRows ? await takeOutbox(session, targetIds, work) : NOTHING_WAITS;
  const setAside = outbox.untaken.length === 0 ? [] : await setAsideRows(session, outbox.untaken);
  const headBefore = (targetId: string) => headOf(counters, targetId) - (counts.get(targetId) ?? NaN);
  const moves = planMoves(outbox.rows, headBefore);

  // Rows that stay in the outbox come before these requests and changes, so those must wait.
  const { unfinished, heldGroups } = outbox;
  const left = heldGroups.size === 0 ? unfinished : new Set([...unfinished, ...heldGroups]);
  const isContended = isForOneOf(left);
  const requests = work.requests.filter((request) => !isContended(request));
  const storedByKey = await readStoredKeys(session, requests);
  const headAfterMoves = (targetId: string) => headBefore(targetId) + (moves.counts.get(targetId) ?? 0);
  const plan = planAppend({ requests, headBefore: headAfterMoves, storedByKey });

  const rows = moves.rows.length === 0 ? plan.rows : [...moves.rows, ...plan.rows];
  const areAllNew = outbox.rows.length === 0 && plan.rows.length === messageCount(work.requests);
  if (!areAllNew) await correctCounters(session, counts, rows);
  const { databaseTime, epoch } = counters;
  const ids = loneId === undefined ? await insertRows(session, rows, { databaseTime, appendId }) : [loneId];
  if (outbox.rows.length > 0) await deleteOutboxRows(session, outbox.rows);

  const isHeld = isChangeOf(left);
  const changes = memberChanges
    .filter((change) => !isHeld(change))
    .map((change) => ({ change, head: headAfterMoves(groupIdOf(change.groupName)) }));
  const memberWork = { steps: moves.steps, changes, givenBefore: work.givenBefore };
  const members =
    moves.steps.length + changes.length === 0
      ? NO_MEMBERS
      : await writeMembers(session, memberWork, { lock: outbox.membersLock, databaseTime });

  const createdAt = isoFromDatabaseTime(databaseTime);
  const planned = planOutcomes(plan, { ids: ids.slice(moves.rows.length), createdAt, epoch });
  const hasChanges = rows.length + outbox.rows.length + setAside.length + members.rows.length > 0;
  const result = {
    epoch,
    outcomes: withContended(work.requests, isContended, planned),
    moved: storedRows(moves.rows, { ids, createdAt }),
    setAside,
    members: { ...members, outcomes: withContended(memberChanges, isHeld, members.outcomes) },
    unfinished,
    heldGroups,
    lastMovedTarget: outbox.rows.at(-1)?.targetId,
    outboxEmptyAtMs,
  };
  return { rows, ids, appendId, targetIds, hasChanges, result };
}

/** The result of a transaction that stored one message and did nothing else. */
export function loneResult(
  { id, targetId, offset, message, databaseTime, epoch }: StoredLone,
  outboxEmptyAtMs?: number,
): AppendResult {
  const createdAt = isoFromDatabaseTime(databaseTime);
  const stored = { id, targetId, offset, message, createdAt, replayed: false };
  return {
    epoch,
    outcomes: [{ kind: 'appended', epoch, messages: [stored] }],
    moved: [],
    setAside: [],
    members: NO_MEMBERS,
    unfinished: NOTHING_WAITS.unfinished,
    heldGroups: NOTHING_WAITS.heldGroups,
    lastMovedTarget: undefined,
    outboxEmptyAtMs,
  };
}

/** The targets of the work, and the number of messages for each in its requests. */
export function countsOf({ requests, memberChanges = [], moveFor = [] }: AppendWork): Map<string, number> {
  const counts = countByTarget(requests);
  for (const { groupName } of memberChanges) addTarget(counts, groupIdOf(groupName));
  for (const targetId of moveFor) addTarget(counts, targetId);
  return counts;
}

function addTarget(counts: Map<string, number>, targetId: string): void {
  if (!counts.has(targetId)) counts.set(targetId, 0);
}

/** Whether a request is for one of these targets. */
export function isForOneOf(targetIds: ReadonlySet<string>): (request: AppendRequest) => boolean {
  if (targetIds.size === 0) return () => false;
  return ({ messages }) => messages.some(({ targetId }) => targetIds.has(targetId));
}

/** Whether a change is for one of these groups, which are given by their target ids. */
export function isChangeOf(targetIds: ReadonlySet<string>): (change: MembersChange) => boolean {
  return ({ groupName }) => targetIds.has(groupIdOf(groupName));
}

/** Completes the outcomes: items that were not tried are contended. Returns them in the order of all items. */
export function withContended<Item, Outcome>(
  items: readonly Item[],
  isContended: (item: Item) => boolean,
  outcomes: readonly Outcome[],
): readonly (Outcome | typeof CONTENDED)[] {
  const inOrder = outcomes.values();
  return items.map((item) => (isContended(item) ? CONTENDED : (inOrder.next().value ?? CONTENDED)));
}

const CONTENDED = { kind: 'contended' } as const;

function messageCount(requests: readonly AppendRequest[]): number {
  return requests.reduce((sum, { messages }) => sum + messages.length, 0);
}

function headOf({ heads }: CounterState, targetId: string): number {
  return heads.get(targetId) ?? NaN;
}

/**
 * Each request took one offset for each of its messages. Replays and refused requests need none; moved messages need
 * more.
 */
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
