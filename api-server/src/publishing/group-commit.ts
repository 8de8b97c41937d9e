import type { AppendRequest, MessageStore } from '@postline/message-store';
import { LinkedList, type ListEntry } from '@postline/service-runtime';
import {
  CommitLane,
  type CommitLaneLimits,
  type CommitOutcome,
  type CommitReport,
  type PendingAppend,
} from './commit-lane.ts';

/** Between two tries on a held counter: the store itself waits for it too, so this only keeps a fast "no" from spinning. */
const CONTENDED_PAUSE_MS = 50;

/** Times and the objects around a message, beside its texts. */
const MESSAGE_OVERHEAD_BYTES = 256;

export interface GroupCommitLimits {
  /** Messages and bytes that share one commit; a larger request goes alone. */
  readonly batchMessagesMax: number;
  readonly batchBytesMax: number;
  /** Requests and bytes without an outcome, those in flight included. */
  readonly waitingRequestsMax: number;
  readonly waitingBytesMax: number;
  /** Requests that wait for a counter which another transaction holds. */
  readonly contendedRequestsMax: number;
  /** Milliseconds from a request's arrival to its outcome, whatever the store does. */
  readonly deadlineMs: number;
}

export interface GroupCommitOptions {
  readonly store: Pick<MessageStore, 'append'>;
  readonly limits: GroupCommitLimits;
  /** Told after each append() of the store. */
  readonly onCommit?: (report: CommitReport) => void;
  /** Calls back once what lies in the sockets has been read; a test says itself when that is. */
  readonly onNextTurn?: (goOn: () => void) => void;
}

export interface WaitingFigures {
  readonly requests: number;
  readonly bytes: number;
  readonly contendedRequests: number;
}

/**
 * Lets requests that arrive together share a commit: they join the batch that is forming, and when the previous
 * commit is back the next one goes. A request alone goes at once; only a large batch waits for its like.
 *
 * What meets a counter that another transaction holds goes on in a lane of its own, together with everything that
 * is for the same targets, so that it delays nobody else.
 */
export class GroupCommit {
  readonly #limits: GroupCommitLimits;
  readonly #main: CommitLane;
  readonly #contended: CommitLane;
  /** In order of arrival, and so of their deadlines. */
  readonly #unsettled = new LinkedList<PendingRequest>();
  #deadlineTimer: NodeJS.Timeout | undefined;
  #draining = false;
  #onDrained: (() => void) | undefined;

  constructor(options: GroupCommitOptions) {
    const { store, limits, onCommit = () => undefined, onNextTurn = setImmediate } = options;
    this.#limits = limits;
    const laneLimits: CommitLaneLimits = { ...limits, contendedPauseMs: CONTENDED_PAUSE_MS };
    this.#main = new CommitLane({
      store,
      limits: laneLimits,
      onCommit,
      onNextTurn,
      onContended: (contended) => {
        this.#moveToContended(contended);
      },
    });
    this.#contended = new CommitLane({
      store,
      limits: { ...laneLimits, waitingRequestsMax: limits.contendedRequestsMax },
      onCommit,
      onNextTurn,
    });
  }

  /** One outcome for each request, at the latest when its deadline is over. Never rejects. */
  append(request: AppendRequest): Promise<CommitOutcome> {
    if (this.#draining) return Promise.resolve({ kind: 'overloaded' });
    return new Promise((resolve) => {
      const dueAtMs = performance.now() + this.#limits.deadlineMs;
      const pending = new PendingRequest({ request, dueAtMs, resolve, onSettled: this.#onSettled });
      pending.unsettled = this.#unsettled.add(pending);
      this.#watchDeadlines();
      const lane = this.#contended.sharesTarget(request) ? this.#contended : this.#main;
      lane.add(pending);
    });
  }

  waiting(): WaitingFigures {
    return {
      requests: this.#main.waitingRequests + this.#contended.waitingRequests,
      bytes: this.#main.waitingBytes + this.#contended.waitingBytes,
      contendedRequests: this.#contended.waitingRequests,
    };
  }

  /** Takes nothing new, and resolves once every request has its outcome: within the deadline. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#tellWhenDrained();
    });
  }

  readonly #onSettled = (pending: PendingRequest): void => {
    if (pending.unsettled !== undefined) this.#unsettled.remove(pending.unsettled);
    this.#main.remove(pending);
    this.#contended.remove(pending);
    this.#tellWhenDrained();
  };

  /** One timer, for the oldest: most requests have their outcome long before it would have to be looked at. */
  #watchDeadlines(): void {
    if (this.#deadlineTimer !== undefined) return;
    const oldest = this.#unsettled.first;
    if (oldest === undefined) return;
    this.#deadlineTimer = setTimeout(
      () => {
        this.#deadlineTimer = undefined;
        this.#settleOverdue();
        this.#watchDeadlines();
      },
      Math.ceil(oldest.dueAtMs - performance.now()),
    );
  }

  #settleOverdue(): void {
    const now = performance.now();
    for (const pending of this.#unsettled) {
      if (pending.dueAtMs > now) return;
      pending.settle({ kind: 'store-unavailable' });
    }
  }

  /** Those behind them go too: in the main lane they would wait for the same counter, and everybody with them. */
  #moveToContended(contended: readonly PendingAppend[]): void {
    for (const pending of contended) this.#move(pending);
    for (const pending of this.#main.waiting()) {
      if (this.#contended.sharesTarget(pending.request)) this.#move(pending);
    }
  }

  #move(pending: PendingAppend): void {
    this.#main.remove(pending);
    this.#contended.add(pending);
  }

  #tellWhenDrained(): void {
    if (!this.#draining || this.#unsettled.size > 0) return;
    clearTimeout(this.#deadlineTimer);
    this.#onDrained?.();
  }
}

interface PendingRequestOptions {
  readonly request: AppendRequest;
  /** By the process's clock. */
  readonly dueAtMs: number;
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly onSettled: (pending: PendingRequest) => void;
}

class PendingRequest implements PendingAppend {
  readonly request: AppendRequest;
  readonly bytes: number;
  readonly dueAtMs: number;
  waiting: ListEntry<PendingAppend> | undefined;
  /** Its place among all that have no outcome. */
  unsettled: ListEntry<PendingRequest> | undefined;
  readonly #resolve: (outcome: CommitOutcome) => void;
  readonly #onSettled: (pending: PendingRequest) => void;
  #settled = false;

  constructor({ request, dueAtMs, resolve, onSettled }: PendingRequestOptions) {
    this.request = request;
    this.bytes = requestBytes(request);
    this.dueAtMs = dueAtMs;
    this.#resolve = resolve;
    this.#onSettled = onSettled;
  }

  isSettled(): boolean {
    return this.#settled;
  }

  settle(outcome: CommitOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#onSettled(this);
    this.#resolve(outcome);
  }
}

/** What it takes in memory or in a statement, whichever is more. */
function requestBytes({ messages }: AppendRequest): number {
  let bytes = 0;
  for (const { message, targetId, idempotencyKey } of messages) {
    // Ids and keys have a byte for each character.
    bytes += textBytes(message) + targetId.length + (idempotencyKey?.length ?? 0) + MESSAGE_OVERHEAD_BYTES;
  }
  return bytes;
}

/** One character that is not ASCII can make all characters of a text take two bytes in memory. */
function textBytes(text: string): number {
  const encodedBytes = Buffer.byteLength(text);
  return encodedBytes === text.length ? encodedBytes : Math.max(encodedBytes, 2 * text.length);
}
