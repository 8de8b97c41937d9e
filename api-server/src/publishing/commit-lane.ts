import {
  type AppendOutcome,
  type AppendRequest,
  type MessageStore,
  StoreUnavailableError,
} from '@postline/message-store';
import { Counts, LinkedList, type ListEntry } from '@postline/service-runtime';
import type { PublishSpan, StartCommitSpan } from './publish-spans.ts';

/** The outcome of one request: the store's answer, or why there was none. */
export type CommitOutcome =
  | Exclude<AppendOutcome, { kind: 'contended' }>
  /** Too many requests are waiting. Nothing of the request was stored. */
  | { readonly kind: 'overloaded' }
  /** The database did not answer in time. The request may have been stored. */
  | { readonly kind: 'store-unavailable' };

/** A request that waits for its outcome. */
export interface PendingAppend {
  readonly request: AppendRequest;
  /** Grows with each request that arrives. */
  readonly arrival: number;
  /** Its approximate size in memory and in a statement. */
  readonly bytes: number;
  /** Undefined if it is not traced. */
  readonly span: PublishSpan | undefined;
  /** Its place in its current lane, or in the last one. */
  waiting: ListEntry<PendingAppend> | undefined;
  /** True when it has an outcome. After its deadline the store may still be working on it. */
  isSettled(): boolean;
  /** Sets the outcome; only the first call counts. */
  settle(outcome: CommitOutcome): void;
}

export interface CommitLaneLimits {
  readonly batchMessagesMax: number;
  readonly batchBytesMax: number;
  readonly waitingRequestsMax: number;
  readonly waitingBytesMax: number;
  /** Milliseconds before the next attempt, after a batch with contended requests. */
  readonly contendedPauseMs: number;
}

/** One append() of a lane, for metrics and logs. */
export interface CommitReport {
  readonly requests: number;
  readonly messages: number;
  readonly milliseconds: number;
  /** Why the whole batch failed; undefined if each request got its own outcome. */
  readonly error?: Error;
}

export interface CommitLaneOptions {
  readonly store: Pick<MessageStore, 'append'>;
  readonly limits: CommitLaneLimits;
  readonly onCommit: (report: CommitReport) => void;
  /** Undefined if nothing is traced. */
  readonly startSpan?: StartCommitSpan | undefined;
  /** Calls back after the sockets have been read. */
  readonly onNextTurn: (goOn: () => void) => void;
  /** Takes over contended requests; without it they stay in this lane and are tried again. */
  readonly onContended?: (contended: readonly PendingAppend[]) => void;
  /** The targets of older requests in another lane: requests for them wait, so that none overtakes an older one. */
  readonly targetsBefore?: () => ReadonlySet<string>;
}

/** After a smaller batch there is too little load for gathering to pay off. */
const GATHER_AFTER_REQUESTS = 8;
/** Bounds the wait after a slow commit: later than this few more requests arrive, and the waiting ones are delayed. */
const GATHER_MS_MAX = 8;
const GATHER_STEP_MS = 1;
/** The first steps can pass before the answers have been sent. */
const QUIET_STEPS_MAX = 2;

interface AfterCommit {
  readonly answered: number;
  /** The duration of the commit. */
  readonly milliseconds: number;
  readonly goOn: () => void;
}

/**
 * A bounded queue in front of the store, with one append() in flight. When it returns, all waiting requests form the next
 * batch. A request stays in the queue until it is settled, so that the bounds include requests in flight.
 */
export class CommitLane {
  readonly #options: CommitLaneOptions;
  /** In order of arrival. */
  readonly #waiting = new LinkedList<PendingAppend>();
  #waitingBytes = 0;
  /** The number of waiting messages for each target; undefined if contended requests leave the lane. */
  readonly #messagesByTarget: Counts<string> | undefined;
  /** The waiting targets that were contended at their last attempt. */
  readonly #held = new Set<string>();
  #appending = false;

  constructor(options: CommitLaneOptions) {
    this.#options = options;
    this.#messagesByTarget = options.onContended === undefined ? new Counts() : undefined;
  }

  get waitingRequests(): number {
    return this.#waiting.size;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether a waiting request is for one of the same targets; only for a lane whose contended requests stay. */
  sharesTarget(request: AppendRequest): boolean {
    const counts = this.#messagesByTarget;
    if (counts === undefined || counts.size === 0) return false;
    return request.messages.some(({ targetId }) => counts.get(targetId) > 0);
  }

  /** Queues a request, or settles it as overloaded. If no append() is in flight, it is appended at once. */
  add(pending: PendingAppend): void {
    const { waitingRequestsMax, waitingBytesMax } = this.#options.limits;
    const isFull =
      this.#waiting.size >= waitingRequestsMax || this.#waitingBytes + pending.bytes > waitingBytesMax;
    if (isFull && this.#waiting.size > 0) {
      pending.settle({ kind: 'overloaded' });
      return;
    }
    this.#insert(pending);
    this.#appendNext();
  }

  /** The waiting requests, oldest first; the current one may be removed during the iteration. */
  waiting(): Iterable<PendingAppend> {
    return this.#waiting;
  }

  /** Removes a request that was settled or moves to another lane. */
  remove(pending: PendingAppend): void {
    if (pending.waiting === undefined || !this.#waiting.remove(pending.waiting)) return;
    this.#waitingBytes -= pending.bytes;
    const counts = this.#messagesByTarget;
    if (counts === undefined) return;
    for (const { targetId } of pending.request.messages) {
      if (counts.subtract(targetId) === 0) this.#held.delete(targetId);
    }
  }

  #insert(pending: PendingAppend): void {
    pending.waiting = this.#waiting.add(pending);
    this.#waitingBytes += pending.bytes;
    const counts = this.#messagesByTarget;
    if (counts !== undefined) for (const { targetId } of pending.request.messages) counts.add(targetId);
  }

  #appendNext(): void {
    if (this.#appending || this.#waiting.size === 0) return;
    this.#appending = true;
    void this.#append(this.#formBatch());
  }

  async #append(batch: readonly PendingAppend[]): Promise<void> {
    const { onContended, limits } = this.#options;
    const goOn = () => {
      this.#appending = false;
      this.#appendNext();
    };
    if (batch.length === 0) {
      setTimeout(goOn, limits.contendedPauseMs);
      return;
    }
    const start = performance.now();
    const contended = await this.#commit(batch);
    if (contended.length === 0) {
      this.#gather({ answered: batch.length, milliseconds: performance.now() - start, goOn });
    } else if (onContended === undefined) {
      setTimeout(goOn, limits.contendedPauseMs);
    } else {
      onContended(contended);
      goOn();
    }
  }

  /**
   * Continues after the requests that arrived during the commit, and are still in the sockets, have joined. After a large
   * batch it also waits for the next requests of the publishers that were just answered: at most as long as the commit
   * took, and only while requests keep arriving. Otherwise publishers that wait for their answers split into two halves,
   * which alternate in commits of half the size.
   */
  #gather({ answered, milliseconds, goOn }: AfterCommit): void {
    const { onNextTurn } = this.#options;
    if (answered < GATHER_AFTER_REQUESTS) {
      onNextTurn(goOn);
      return;
    }
    const end = performance.now() + Math.min(milliseconds, GATHER_MS_MAX);
    const expected = this.#waiting.size + answered;
    let quietSteps = 0;
    let before = this.#waiting.size;
    const look = () => {
      quietSteps = this.#waiting.size > before ? 0 : quietSteps + 1;
      before = this.#waiting.size;
      const isOver = before >= expected || quietSteps > QUIET_STEPS_MAX || performance.now() >= end;
      if (isOver) onNextTurn(goOn);
      else setTimeout(look, GATHER_STEP_MS);
    };
    setTimeout(look, GATHER_STEP_MS);
  }

  /**
   * Forms the next batch, oldest first; empty if all wait for another lane. Of the requests for a held target only the
   * oldest is included, as a probe: the others would fail with it, and take the place of requests whose target is free.
   */
  #formBatch(): PendingAppend[] {
    const { limits, targetsBefore } = this.#options;
    const { batchMessagesMax, batchBytesMax } = limits;
    const before = targetsBefore?.();
    // Of two requests that moved here one after the other, the second may have been the first to arrive.
    const waiting = before === undefined ? this.#waiting : [...this.#waiting].sort(byArrival);
    const batch: PendingAppend[] = [];
    const probed = new Set<string>();
    let messages = 0;
    let bytes = 0;
    for (const pending of waiting) {
      if (before !== undefined && before.size > 0 && isForOneOf(before, pending)) continue;
      if (this.#held.size > 0 && this.#waitsForProbe(pending, probed)) continue;
      messages += pending.request.messages.length;
      bytes += pending.bytes;
      if (batch.length > 0 && (messages > batchMessagesMax || bytes > batchBytesMax)) break;
      batch.push(pending);
    }
    return batch;
  }

  #waitsForProbe({ request }: PendingAppend, probed: Set<string>): boolean {
    const targetIds = request.messages.map(({ targetId }) => targetId);
    const waitsForProbe = targetIds.some((targetId) => probed.has(targetId));
    const isProbe = targetIds.some((targetId) => this.#held.has(targetId));
    if (waitsForProbe || isProbe) for (const targetId of targetIds) probed.add(targetId);
    return waitsForProbe;
  }

  /** Calls append() of the store, settles the requests with a final outcome, and returns the contended ones. */
  async #commit(batch: readonly PendingAppend[]): Promise<PendingAppend[]> {
    const start = performance.now();
    const messages = batch.reduce((sum, { request }) => sum + request.messages.length, 0);
    const { startSpan } = this.#options;
    const commitSpan = startSpan?.(
      batch.map(({ span }) => span),
      messages,
    );
    const report = (error?: Error) => {
      commitSpan?.end(error);
      const milliseconds = performance.now() - start;
      const figures = { requests: batch.length, messages, milliseconds };
      this.#options.onCommit(error === undefined ? figures : { ...figures, error });
    };
    let outcomes: readonly AppendOutcome[];
    try {
      outcomes = await this.#options.store.append(batch.map(({ request }) => request));
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error('the store failed', { cause });
      report(error);
      const isUnavailable = error instanceof StoreUnavailableError;
      for (const pending of batch) {
        pending.settle(isUnavailable ? { kind: 'store-unavailable' } : { kind: 'failed', error });
      }
      return [];
    }
    report();
    return batch.filter((pending, index) => this.#isStillContended(pending, outcomes[index]));
  }

  #isStillContended(pending: PendingAppend, outcome: AppendOutcome | undefined): boolean {
    const isContended = outcome?.kind === 'contended';
    const counts = this.#messagesByTarget;
    if (counts !== undefined) {
      for (const { targetId } of pending.request.messages) {
        if (isContended && counts.get(targetId) > 0) this.#held.add(targetId);
        else this.#held.delete(targetId);
      }
    }
    if (isContended) return !pending.isSettled();
    pending.settle(outcome ?? { kind: 'failed', error: new Error('the store returned no outcome') });
    return false;
  }
}

/** Whether the request is for one of these targets. */
export function isForOneOf(targetIds: ReadonlySet<string>, { request }: PendingAppend): boolean {
  return request.messages.some(({ targetId }) => targetIds.has(targetId));
}

function byArrival(left: PendingAppend, right: PendingAppend): number {
  return left.arrival - right.arrival;
}
