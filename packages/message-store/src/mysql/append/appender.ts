import { setTimeout as sleep } from 'node:timers/promises';
import { groupIdOf, isTargetId } from '@postline/protocol';
import { SharedTimeouts } from '@postline/service-runtime';
import { appendApart, RowRefusedError } from '../../rules/bisect-append.ts';
import { countByTarget } from '../../rules/append-plan.ts';
import { type AppendOutcome, type AppendRequest, StoreUnavailableError } from '../../message-store.ts';
import type { MovedMessages, OutboxPage, SetAsideRow } from '../../outbox.ts';
import type { MembersChange, MembersChanged } from '../../member-store.ts';
import { placeKey } from '../../rules/member-plan.ts';
import { appendInTransaction, moveInTransaction, type TransactionResult } from './append-transaction.ts';
import { CollectedChanges, movedOf } from './collected-changes.ts';
import { readCommitOutcome } from './commit-outcome.ts';
import { readLoneOutcome } from './lone-outcome.ts';
import { OUTBOX_ROWS_PER_READ_MAX, readOutboxTargets } from './outbox-rows.ts';
import type { Session, SessionOptions } from '../sessions/session.ts';
import type { SessionPool } from '../sessions/session-pool.ts';
import { setAsideBadTargets } from './set-aside.ts';
import type { OutboxBounds } from './take-outbox.ts';
import { type AppendResult, loneResult, type WrittenAppend } from './write-append.ts';

export interface AppenderOptions {
  readonly writers: SessionPool;
  /** Opens the new connection on which a COMMIT is looked up. */
  readonly session: SessionOptions;
  /**
   * Milliseconds that an append may use for writing. The rest of a call's time is for looking up an unanswered COMMIT.
   */
  readonly writingMs: number;
}

/** How many refused outbox rows one call sets aside before it answers a request for their target as contended. */
const OUTBOX_ATTEMPTS_MAX = 8;

/**
 * The pause between two attempts to change members. The database itself also waits up to a second for a held counter.
 */
const CONTENDED_PAUSE_MS = 50;

/** With less time than this, an attempt could be cut off while it waits for a lock. */
const ATTEMPT_MS = 1_200;

/** State of earlier attempts at a change of members. */
interface EarlierAttempts {
  /** By `placeKey`: the positions that were given before a COMMIT that was not answered. */
  readonly givenBefore: Map<string, number>;
  /** The error of the last attempt, if that attempt may have stored something. */
  error: Error | undefined;
}

interface CallSignals {
  /** Aborted when it is too late to write. */
  readonly writing: AbortSignal;
  /** Aborted when it is too late for anything. */
  readonly signal: AbortSignal;
}

/**
 * Start here: everything that adds to the logs or changes the members of groups. A call is one transaction.
 * `append-transaction` retries it after a deadlock or a lost race, without the targets that other transactions hold.
 * `write-append` defines what is written and in which order: counters (locked until the commit), the outbox,
 * idempotency keys, rows, members. If COMMIT gets no answer, `commit-outcome` looks up its outcome on a new connection;
 * `lone-outcome` does it for a message that was sent with its COMMIT.
 * If the database refuses a row, `bisect-append` finds the request that the row belongs to, and `set-aside` takes a
 * refused outbox row out of the outbox.
 */
export class Appender {
  readonly #options: AppenderOptions;
  readonly #timeouts: SharedTimeouts;
  #onMoved: (moved: MovedMessages) => void = () => undefined;
  #onSetAside: (row: SetAsideRow) => void = () => undefined;
  #outboxEmptyAtMs = -Infinity;

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#timeouts = new SharedTimeouts(options.writingMs);
  }

  /** By `performance.now()`: no outbox row that was committed before this moment is left. */
  get outboxEmptyAtMs(): number {
    return this.#outboxEmptyAtMs;
  }

  /** Calls `listener` with everything that was moved out of the outbox, after the commit. */
  onMoved(listener: (moved: MovedMessages) => void): void {
    this.#onMoved = listener;
  }

  /** Calls `listener` with each outbox row that was set aside, after the commit. */
  onSetAside(listener: (row: SetAsideRow) => void): void {
    this.#onSetAside = listener;
  }

  append(requests: readonly AppendRequest[], signal: AbortSignal): Promise<readonly AppendOutcome[]> {
    return this.#inWritingTime((writing) =>
      appendApart(requests, (together) => this.#appendTogether(together, { writing, signal })),
    );
  }

  async #appendTogether(
    requests: readonly AppendRequest[],
    signals: CallSignals,
  ): Promise<readonly AppendOutcome[]> {
    for (let attempt = 1; attempt <= OUTBOX_ATTEMPTS_MAX; attempt += 1) {
      try {
        const run = (session: Session) => appendInTransaction(session, { requests });
        return this.#report(await this.#write(run, signals)).outcomes;
      } catch (error) {
        if (!(error instanceof RowRefusedError && requests.length === 1)) throw error;
        // The refused row may not belong to the request: it may have been in the outbox.
        const results = await this.#moveApart([...countByTarget(requests).keys()], signals);
        if (results.every(isNothing)) throw error;
      }
    }
    return requests.map(() => ({ kind: 'contended' }));
  }

  movePage(afterTargetId: string, signal: AbortSignal): Promise<OutboxPage> {
    return this.#inWritingTime(async (writing) => {
      const { targetIds, isLastPage } = await this.#options.writers.use(writing, async (session) => {
        const page = await readOutboxTargets(session, afterTargetId);
        await session.run('ROLLBACK');
        return page;
      });
      const badIds = targetIds.filter((targetId) => !isTargetId(targetId));
      const hasSetAside = badIds.length > 0 && (await this.#setAsideBadTargets(badIds, writing));
      const results = [...(await this.#moveApart(targetIds.filter(isTargetId), { writing, signal }))];
      const heldGroups = results.flatMap((result) => [...result.heldGroups]);
      const waiting = { waitsForMembers: true };
      results.push(...(await this.#moveApart(heldGroups, { writing, signal }, waiting)));
      const movedCount = results.reduce((sum, { moved }) => sum + moved.length, 0);
      const lastReached = lastReachedOf(results);
      const nextAfter = lastReached ?? (isLastPage ? undefined : targetIds.at(-1));
      const hasMore = hasSetAside || results.some(({ unfinished }) => unfinished.size > 0);
      return { movedCount, hasMore, nextAfter };
    });
  }

  /** True if there may be more rows: this page counts an id and the same id with a trailing space as one target. */
  async #setAsideBadTargets(targetIds: readonly string[], writing: AbortSignal): Promise<boolean> {
    const setAside = await this.#options.writers.use(writing, (session) =>
      setAsideBadTargets(session, targetIds),
    );
    setAside.forEach(this.#onSetAside);
    return setAside.length > 0;
  }

  /**
   * Moves all targets in one transaction. If the database refuses a row, it bisects the targets, so the others are
   * moved.
   */
  async #moveApart(
    targetIds: readonly string[],
    signals: CallSignals,
    bounds: OutboxBounds = {},
  ): Promise<readonly AppendResult[]> {
    if (targetIds.length === 0) return [];
    try {
      return [await this.#move(targetIds, signals, bounds)];
    } catch (error) {
      if (!(error instanceof RowRefusedError)) throw error;
      if (targetIds.length === 1) return [await this.#moveLessAndLess(targetIds, signals, bounds)];
    }
    const middle = Math.ceil(targetIds.length / 2);
    return [
      ...(await this.#moveApart(targetIds.slice(0, middle), signals, bounds)),
      ...(await this.#moveApart(targetIds.slice(middle), signals, bounds)),
    ];
  }

  /** Moves half of a target's rows, then a quarter, and so on, until the refused row comes first and is set aside. */
  async #moveLessAndLess(
    targetIds: readonly string[],
    signals: CallSignals,
    bounds: OutboxBounds,
  ): Promise<AppendResult> {
    for (let outboxRowsMax = OUTBOX_ROWS_PER_READ_MAX / 2; ; outboxRowsMax /= 2) {
      try {
        return await this.#move(targetIds, signals, { ...bounds, outboxRowsMax });
      } catch (error) {
        if (!(error instanceof RowRefusedError)) throw error;
        if (outboxRowsMax > 1) continue;
        return await this.#move(targetIds, signals, { outboxRowsMax, setAsideFor: error.message });
      }
    }
  }

  async #move(
    targetIds: readonly string[],
    signals: CallSignals,
    bounds: OutboxBounds,
  ): Promise<AppendResult> {
    const run = (session: Session) => moveInTransaction(session, targetIds, bounds);
    return this.#report(await this.#write(run, signals));
  }

  async #write(
    run: (session: Session) => Promise<TransactionResult>,
    { writing, signal }: CallSignals,
  ): Promise<AppendResult> {
    const transaction = await this.#options.writers.use(writing, run);
    switch (transaction.kind) {
      case 'done':
        this.#noteEmpty(transaction.result);
        return transaction.result;
      case 'row-refused':
        throw new RowRefusedError(transaction.error);
      case 'commit-unknown': {
        const { written, error } = transaction;
        const outcome = await readCommitOutcome(this.#options.session, written, signal);
        if (outcome === 'committed') return written.result;
        throw new CommitUnknownError(written, error);
      }
      case 'lone-unknown': {
        const { trace, error } = transaction;
        const stored = await readLoneOutcome(this.#options.session, trace, signal);
        if (stored !== undefined) return loneResult(stored);
        throw new StoreUnavailableError(UNKNOWN_AND_NOT_FOUND, error);
      }
    }
  }

  /** Appends end in any order, so the latest moment counts. */
  #noteEmpty({ outboxEmptyAtMs = -Infinity }: AppendResult): void {
    this.#outboxEmptyAtMs = Math.max(this.#outboxEmptyAtMs, outboxEmptyAtMs);
  }

  #report(result: AppendResult): AppendResult {
    const moved = movedOf(result);
    if (moved !== undefined) this.#onMoved(moved);
    result.setAside.forEach(this.#onSetAside);
    return result;
  }

  /**
   * Changes members of groups. The API has no lane for contended changes, so they are tried again here. So are changes
   * that may already be committed: making a change again has no effect, and the stored positions show that it was this
   * call's change.
   */
  changeMembers(changes: readonly MembersChange[], signal: AbortSignal): Promise<MembersChanged> {
    return this.#inWritingTime((writing) => this.#changeMembers(changes, { writing, signal }));
  }

  async #changeMembers(changes: readonly MembersChange[], signals: CallSignals): Promise<MembersChanged> {
    const collected = new CollectedChanges(changes);
    const earlier: EarlierAttempts = { givenBefore: new Map(), error: undefined };
    const lastStartMs = performance.now() + this.#options.writingMs - ATTEMPT_MS;
    for (;;) {
      const result = await this.#tryChanges(collected.pending, earlier, signals);
      if (result !== undefined) {
        collected.add(result);
        result.setAside.forEach(this.#onSetAside);
        earlier.error = undefined;
      }
      if (collected.pending.length === 0) return collected.changed();
      await sleep(CONTENDED_PAUSE_MS);
      if (performance.now() <= lastStartMs) continue;
      if (earlier.error !== undefined) throw earlier.error;
      return collected.changed();
    }
  }

  /** Returns undefined if another attempt is worthwhile. */
  async #tryChanges(
    memberChanges: readonly MembersChange[],
    earlier: EarlierAttempts,
    signals: CallSignals,
  ): Promise<AppendResult | undefined> {
    const { givenBefore } = earlier;
    try {
      const work = { requests: [], memberChanges, givenBefore };
      return await this.#write((session) => appendInTransaction(session, work), signals);
    } catch (error) {
      if (error instanceof CommitUnknownError) {
        for (const row of error.written.result.members.rows) givenBefore.set(placeKey(row), row.position);
        earlier.error = error;
        return undefined;
      }
      if (!(error instanceof RowRefusedError)) throw error;
      // The refused row is in the outbox, unless the database refuses rows of members.
      const targetIds = memberChanges.map(({ groupName }) => groupIdOf(groupName));
      const results = await this.#moveApart([...new Set(targetIds)], signals);
      if (results.every(isNothing)) throw error;
      return undefined;
    }
  }

  async #inWritingTime<T>(work: (writing: AbortSignal) => Promise<T>): Promise<T> {
    const writing = new AbortController();
    const timeout = this.#timeouts.start(() => {
      writing.abort();
    });
    try {
      return await work(writing.signal);
    } finally {
      this.#timeouts.end(timeout);
    }
  }
}

const UNKNOWN_AND_NOT_FOUND =
  'the database was lost while committing, and what was written is not found in it';

/** COMMIT was sent without an answer, and no row proves that it was done. */
class CommitUnknownError extends StoreUnavailableError {
  readonly written: WrittenAppend;

  constructor(written: WrittenAppend, cause: unknown) {
    super(UNKNOWN_AND_NOT_FOUND, cause);
    this.written = written;
  }
}

function isNothing({ lastMovedTarget, setAside }: AppendResult): boolean {
  return lastMovedTarget === undefined && setAside.length === 0;
}

/**
 * The target where a transaction stopped early. The next page begins there, so its remaining targets are not skipped.
 */
function lastReachedOf(results: readonly AppendResult[]): string | undefined {
  const reached = results.find(
    ({ unfinished, lastMovedTarget: last }) =>
      last !== undefined && [...unfinished].some((targetId) => targetId > last),
  );
  return reached?.lastMovedTarget;
}
