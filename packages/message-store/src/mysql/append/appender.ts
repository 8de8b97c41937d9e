import { isTargetId } from '@postline/protocol';
import { appendApart, RowRefusedError } from '../../rules/bisect-append.ts';
import { countByTarget } from '../../rules/append-plan.ts';
import { type AppendOutcome, type AppendRequest, StoreUnavailableError } from '../../message-store.ts';
import type { MovedMessages, OutboxPage, SetAsideRow } from '../../outbox.ts';
import { appendInTransaction, moveInTransaction, type TransactionResult } from './append-transaction.ts';
import { readCommitOutcome } from './commit-outcome.ts';
import { OUTBOX_ROWS_PER_READ_MAX, readOutboxTargets } from './outbox-rows.ts';
import type { Session, SessionOptions } from '../sessions/session.ts';
import type { SessionPool } from '../sessions/session-pool.ts';
import { setAsideBadTargets } from './set-aside.ts';
import type { AppendResult } from './write-append.ts';

export interface AppenderOptions {
  readonly writers: SessionPool;
  /** For looking up a commit on a connection of its own. */
  readonly session: SessionOptions;
  /** Of a call's time an append uses at most so many ms; the rest is for looking up a COMMIT that was not answered. */
  readonly writingMs: number;
}

/** Rows of the outbox that the database refuses, one after the other, before a request for their target is put off. */
const OUTBOX_ATTEMPTS_MAX = 8;

interface CallSignals {
  /** Aborted when it is too late to write. */
  readonly writing: AbortSignal;
  /** Aborted when it is too late for anything. */
  readonly signal: AbortSignal;
}

/** Everything that adds to the logs, whether it comes from requests or from the outbox. */
export class Appender {
  readonly #options: AppenderOptions;
  #onMoved: (moved: MovedMessages) => void = () => undefined;
  #onSetAside: (row: SetAsideRow) => void = () => undefined;

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** Calls `listener` with whatever was moved out of the outbox, after its commit. */
  onMoved(listener: (moved: MovedMessages) => void): void {
    this.#onMoved = listener;
  }

  /** Calls `listener` with each row of the outbox that was set aside, after its commit. */
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
        return (await this.#write((session) => appendInTransaction(session, requests), signals)).outcomes;
      } catch (error) {
        if (!(error instanceof RowRefusedError && requests.length === 1)) throw error;
        // Perhaps the row that was refused is not the request's: it may have waited in the outbox.
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
      const results = await this.#moveApart(targetIds.filter(isTargetId), { writing, signal });
      const movedCount = results.reduce((sum, { moved }) => sum + moved.length, 0);
      const lastReached = lastReachedOf(results);
      const nextAfter = lastReached ?? (isLastPage ? undefined : targetIds.at(-1));
      const hasMore = hasSetAside || results.some(({ unfinished }) => unfinished.size > 0);
      return { movedCount, hasMore, nextAfter };
    });
  }

  /** True where there may be more: also where an id and its look-alike with a space behind it were one in this page. */
  async #setAsideBadTargets(targetIds: readonly string[], writing: AbortSignal): Promise<boolean> {
    const setAside = await this.#options.writers.use(writing, (session) =>
      setAsideBadTargets(session, targetIds),
    );
    setAside.forEach(this.#onSetAside);
    return setAside.length > 0;
  }

  /** One transaction for all targets; where the database refuses a row, halves, so that the others are moved. */
  async #moveApart(targetIds: readonly string[], signals: CallSignals): Promise<readonly AppendResult[]> {
    if (targetIds.length === 0) return [];
    try {
      const run = (session: Session) => moveInTransaction(session, targetIds);
      return [await this.#write(run, signals)];
    } catch (error) {
      if (!(error instanceof RowRefusedError)) throw error;
      if (targetIds.length === 1) return [await this.#moveLessAndLess(targetIds, signals)];
    }
    const middle = Math.ceil(targetIds.length / 2);
    return [
      ...(await this.#moveApart(targetIds.slice(0, middle), signals)),
      ...(await this.#moveApart(targetIds.slice(middle), signals)),
    ];
  }

  /** Half of a target's rows, a quarter, …: until the one that the database refuses is the first, and is set aside. */
  async #moveLessAndLess(targetIds: readonly string[], signals: CallSignals): Promise<AppendResult> {
    for (let outboxRowsMax = OUTBOX_ROWS_PER_READ_MAX / 2; ; outboxRowsMax /= 2) {
      try {
        const run = (session: Session) => moveInTransaction(session, targetIds, { outboxRowsMax });
        return await this.#write(run, signals);
      } catch (error) {
        if (!(error instanceof RowRefusedError)) throw error;
        if (outboxRowsMax > 1) continue;
        const bounds = { outboxRowsMax, setAsideFor: error.message };
        return await this.#write((session) => moveInTransaction(session, targetIds, bounds), signals);
      }
    }
  }

  async #write(
    run: (session: Session) => Promise<TransactionResult>,
    { writing, signal }: CallSignals,
  ): Promise<AppendResult> {
    const transaction = await this.#options.writers.use(writing, run);
    switch (transaction.kind) {
      case 'done':
        return this.#tell(transaction.result);
      case 'row-refused':
        throw new RowRefusedError(transaction.error);
      case 'commit-unknown': {
        const { written, error } = transaction;
        const outcome = await readCommitOutcome(this.#options.session, written, signal);
        if (outcome === 'committed') return this.#tell(written.result);
        throw new StoreUnavailableError(
          'the database was lost while committing, and the messages are not found in it',
          error,
        );
      }
    }
  }

  #tell(result: AppendResult): AppendResult {
    const { epoch, moved, setAside } = result;
    if (moved.length > 0) this.#onMoved({ epoch, messages: moved });
    setAside.forEach(this.#onSetAside);
    return result;
  }

  async #inWritingTime<T>(work: (writing: AbortSignal) => Promise<T>): Promise<T> {
    const writing = new AbortController();
    const timer = setTimeout(() => writing.abort(), this.#options.writingMs);
    try {
      return await work(writing.signal);
    } finally {
      clearTimeout(timer);
    }
  }
}

function isNothing({ moved, setAside }: AppendResult): boolean {
  return moved.length === 0 && setAside.length === 0;
}

/** Where a transaction had enough before its last target: the next page begins there, or those would never come. */
function lastReachedOf(results: readonly AppendResult[]): string | undefined {
  const reached = results.find(({ unfinished, moved }) => {
    const last = moved.at(-1)?.targetId;
    return last !== undefined && [...unfinished].some((targetId) => targetId > last);
  });
  return reached?.moved.at(-1)?.targetId;
}
