import {
  type AppendOutcome,
  type AppendRequest,
  type MessageStore,
  StoreUnavailableError,
} from '@postline/message-store';
import { LinkedList, type ListEntry } from '@postline/service-runtime';

/** What became of one request: the store's word, or that it was not heard. */
export type CommitOutcome =
  | Exclude<AppendOutcome, { kind: 'contended' }>
  /** Too much waits already. Nothing of the request was stored. */
  | { readonly kind: 'overloaded' }
  /** The database did not take it in time. It may have been stored all the same. */
  | { readonly kind: 'store-unavailable' };

/** A request that waits for its outcome. */
export interface PendingAppend {
  readonly request: AppendRequest;
  /** About what it takes in memory and in a statement. */
  readonly bytes: number;
  /** Its place in the lane where it waits, or waited last. */
  waiting: ListEntry<PendingAppend> | undefined;
  /** True once it has an outcome: by its deadline possibly while the store still works on it. */
  isSettled(): boolean;
  /** Gives the outcome; only the first one counts. */
  settle(outcome: CommitOutcome): void;
}

export interface CommitLaneLimits {
  readonly batchMessagesMax: number;
  readonly batchBytesMax: number;
  readonly waitingRequestsMax: number;
  readonly waitingBytesMax: number;
  /** Milliseconds before the next try, after a batch in which something was contended. */
  readonly contendedPauseMs: number;
}

/** What one append() of a lane was, for metrics and logs. */
export interface CommitReport {
  readonly requests: number;
  readonly messages: number;
  readonly milliseconds: number;
  /** Why the whole batch failed; left out where each request got an outcome of its own. */
  readonly error?: Error;
}

export interface CommitLaneOptions {
  readonly store: Pick<MessageStore, 'append'>;
  readonly limits: CommitLaneLimits;
  readonly onCommit: (report: CommitReport) => void;
  /** Calls back once what lies in the sockets has been read. */
  readonly onNextTurn: (goOn: () => void) => void;
  /** Takes over what was contended; without it such requests stay here and are tried again. */
  readonly onContended?: (contended: readonly PendingAppend[]) => void;
}

/** A batch of fewer requests shows no load that gathering more could lighten. */
const GATHER_AFTER_REQUESTS = 8;
/** A slow commit is no reason to wait as long again: beyond this few more come, and those that wait are kept. */
const GATHER_MS_MAX = 8;
const GATHER_STEP_MS = 1;
/** The first steps may pass before the answers are out. */
const QUIET_STEPS_MAX = 2;

interface AfterCommit {
  readonly answered: number;
  /** What the commit took. */
  readonly milliseconds: number;
  readonly goOn: () => void;
}

/**
 * A bounded queue in front of the store, with one append() in flight. Whatever waits when the previous one is back
 * goes together. A request stays in the queue until it is settled, so that the bounds hold for those in flight too.
 */
export class CommitLane {
  readonly #options: CommitLaneOptions;
  /** In order of arrival. */
  readonly #waiting = new LinkedList<PendingAppend>();
  #waitingBytes = 0;
  /** For each target, how many waiting messages are for it. */
  readonly #messagesByTarget = new Map<string, number>();
  /** Those of the waiting targets that were contended at their last try. */
  readonly #held = new Set<string>();
  #appending = false;

  constructor(options: CommitLaneOptions) {
    this.#options = options;
  }

  get waitingRequests(): number {
    return this.#waiting.size;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether a request that waits here is for one of the same targets. */
  sharesTarget(request: AppendRequest): boolean {
    if (this.#messagesByTarget.size === 0) return false;
    return request.messages.some(({ targetId }) => this.#messagesByTarget.has(targetId));
  }

  /** Takes a request in, or settles it as overloaded. It is tried at once where nothing is in flight. */
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

  /** What waits here, oldest first; the one at hand may be removed meanwhile. */
  waiting(): Iterable<PendingAppend> {
    return this.#waiting;
  }

  /** Forgets a request: it was settled, or goes to another lane. */
  remove(pending: PendingAppend): void {
    if (pending.waiting === undefined || !this.#waiting.remove(pending.waiting)) return;
    this.#waitingBytes -= pending.bytes;
    for (const { targetId } of pending.request.messages) {
      const others = (this.#messagesByTarget.get(targetId) ?? 0) - 1;
      if (others > 0) this.#messagesByTarget.set(targetId, others);
      else {
        this.#messagesByTarget.delete(targetId);
        this.#held.delete(targetId);
      }
    }
  }

  #insert(pending: PendingAppend): void {
    pending.waiting = this.#waiting.add(pending);
    this.#waitingBytes += pending.bytes;
    for (const { targetId } of pending.request.messages) {
      this.#messagesByTarget.set(targetId, (this.#messagesByTarget.get(targetId) ?? 0) + 1);
    }
  }

  #appendNext(): void {
    if (this.#appending || this.#waiting.size === 0) return;
    this.#appending = true;
    void this.#append(this.#formBatch());
  }

  async #append(batch: readonly PendingAppend[]): Promise<void> {
    const start = performance.now();
    const contended = await this.#commit(batch);
    const { onContended, limits } = this.#options;
    const goOn = () => {
      this.#appending = false;
      this.#appendNext();
    };
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
   * Goes on once the requests that came during the commit, and still lie in the sockets, have joined. After a large
   * batch it also waits for those whose publishers, just answered, send the next: at most as long as the commit took,
   * and only while some keep coming. Otherwise publishers that wait for their answers fall into two halves, which take
   * turns in commits of half the size.
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
   * The next batch, oldest first. Of the requests for a held target only the oldest goes, as a probe: the others
   * would wait in vain with it, and take the room of those whose target is free.
   */
  #formBatch(): PendingAppend[] {
    const { batchMessagesMax, batchBytesMax } = this.#options.limits;
    const batch: PendingAppend[] = [];
    const probed = new Set<string>();
    let messages = 0;
    let bytes = 0;
    for (const pending of this.#waiting) {
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

  /** One append() of the store; settles what got a final outcome and gives back what was contended. */
  async #commit(batch: readonly PendingAppend[]): Promise<PendingAppend[]> {
    const start = performance.now();
    const messages = batch.reduce((sum, { request }) => sum + request.messages.length, 0);
    const report = (error?: Error) => {
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
    for (const { targetId } of pending.request.messages) {
      if (isContended && this.#messagesByTarget.has(targetId)) this.#held.add(targetId);
      else this.#held.delete(targetId);
    }
    if (isContended) return !pending.isSettled();
    pending.settle(outcome ?? { kind: 'failed', error: new Error('the store gave no outcome') });
    return false;
  }
}
