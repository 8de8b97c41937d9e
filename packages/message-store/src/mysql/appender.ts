import { appendApart, RowRefusedError } from '../append-apart.ts';
import { type AppendOutcome, type AppendRequest, StoreUnavailableError } from '../message-store.ts';
import type { MovedMessages, OutboxPage } from '../outbox.ts';
import { appendInTransaction, moveInTransaction, type TransactionResult } from './append-transaction.ts';
import { readCommitOutcome } from './commit-outcome.ts';
import { readOutboxTargets } from './outbox-rows.ts';
import type { Session, SessionOptions } from './session.ts';
import type { SessionPool } from './session-pool.ts';
import type { AppendResult } from './write-append.ts';

export interface AppenderOptions {
  readonly writers: SessionPool;
  /** For looking up a commit on a connection of its own. */
  readonly session: SessionOptions;
  /** Of a call's time an append uses at most so many ms; the rest is for looking up a COMMIT that was not answered. */
  readonly writingMs: number;
}

/** Everything that adds to the logs, whether it comes from requests or from the outbox. */
export class Appender {
  readonly #options: AppenderOptions;
  #onMoved: (moved: MovedMessages) => void = () => undefined;

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** Calls `listener` with whatever was moved out of the outbox, after its commit. */
  onMoved(listener: (moved: MovedMessages) => void): void {
    this.#onMoved = listener;
  }

  append(requests: readonly AppendRequest[], signal: AbortSignal): Promise<readonly AppendOutcome[]> {
    return this.#inWritingTime((writing) =>
      appendApart(requests, async (together) => {
        const run = (session: Session) => appendInTransaction(session, together);
        return (await this.#write(run, writing, signal)).outcomes;
      }),
    );
  }

  movePage(afterTargetId: string, signal: AbortSignal): Promise<OutboxPage> {
    return this.#inWritingTime(async (writing) => {
      const { targetIds, isLastPage } = await this.#options.writers.use(writing, async (session) => {
        const page = await readOutboxTargets(session, afterTargetId);
        await session.run('ROLLBACK');
        return page;
      });
      const refusals = new Map<string, Error>();
      const results = await this.#moveApart(targetIds, refusals, { writing, signal });
      const movedCount = results.reduce((sum, { moved }) => sum + moved.length, 0);
      const lastReached = lastReachedOf(results);
      const nextAfter = lastReached ?? (isLastPage ? undefined : targetIds.at(-1));
      const hasMore = results.some(({ unfinished }) => unfinished.size > 0);
      return { movedCount, hasMore, nextAfter, refusals };
    });
  }

  /** One transaction for all targets; where the database refuses a row, halves, so that the others are moved. */
  async #moveApart(
    targetIds: readonly string[],
    refusals: Map<string, Error>,
    signals: { readonly writing: AbortSignal; readonly signal: AbortSignal },
  ): Promise<readonly AppendResult[]> {
    const [first] = targetIds;
    if (first === undefined) return [];
    try {
      const run = (session: Session) => moveInTransaction(session, targetIds);
      return [await this.#write(run, signals.writing, signals.signal)];
    } catch (error) {
      if (!(error instanceof RowRefusedError)) throw error;
      if (targetIds.length === 1) {
        refusals.set(first, error);
        return [];
      }
    }
    const middle = Math.ceil(targetIds.length / 2);
    return [
      ...(await this.#moveApart(targetIds.slice(0, middle), refusals, signals)),
      ...(await this.#moveApart(targetIds.slice(middle), refusals, signals)),
    ];
  }

  async #write(
    run: (session: Session) => Promise<TransactionResult>,
    writing: AbortSignal,
    signal: AbortSignal,
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
    const { epoch, moved } = result;
    if (moved.length > 0) this.#onMoved({ epoch, messages: moved });
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

/** Where a transaction had enough before its last target: the next page begins there, or those would never come. */
function lastReachedOf(results: readonly AppendResult[]): string | undefined {
  const reached = results.find(({ unfinished, moved }) => {
    const last = moved.at(-1)?.targetId;
    return last !== undefined && [...unfinished].some((targetId) => targetId > last);
  });
  return reached?.moved.at(-1)?.targetId;
}
