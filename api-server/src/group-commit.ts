import type { AppendRequest, MessageStore } from '@postline/message-store';
import {
  CommitLane,
  type CommitLaneLimits,
  type CommitOutcome,
  type CommitReport,
  type PendingAppend,
} from './commit-lane.ts';

/** Between two tries on a held counter: the store itself waits for it too, so this only keeps a fast "no" from spinning. */
const CONTENDED_PAUSE_MS = 50;

/** Ids, keys, times and the objects around a message, beside its text. */
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
}

export interface WaitingFigures {
  readonly requests: number;
  readonly bytes: number;
  readonly contendedRequests: number;
}

/**
 * Lets requests that arrive together share a commit: they join the batch that is forming, and when the previous
 * commit is back the next one goes. There is no timer, so that a request alone goes at once.
 *
 * What meets a counter that another transaction holds goes on in a lane of its own, together with everything that
 * is for the same targets, so that it delays nobody else.
 */
export class GroupCommit {
  readonly #limits: GroupCommitLimits;
  readonly #main: CommitLane;
  readonly #contended: CommitLane;
  readonly #unsettled = new Set<PendingAppend>();
  #draining = false;
  #onDrained: (() => void) | undefined;

  constructor({ store, limits, onCommit = () => undefined }: GroupCommitOptions) {
    this.#limits = limits;
    const laneLimits: CommitLaneLimits = { ...limits, contendedPauseMs: CONTENDED_PAUSE_MS };
    this.#main = new CommitLane({
      store,
      limits: laneLimits,
      onCommit,
      onContended: (contended) => {
        this.#moveToContended(contended);
      },
    });
    this.#contended = new CommitLane({
      store,
      limits: { ...laneLimits, waitingRequestsMax: limits.contendedRequestsMax },
      onCommit,
    });
  }

  /** One outcome for each request, at the latest when its deadline is over. Never rejects. */
  append(request: AppendRequest): Promise<CommitOutcome> {
    if (this.#draining) return Promise.resolve({ kind: 'overloaded' });
    return new Promise((resolve) => {
      const pending = this.#createPending(request, resolve);
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

  #createPending(request: AppendRequest, resolve: (outcome: CommitOutcome) => void): PendingAppend {
    const timer = setTimeout(() => {
      pending.settle({ kind: 'store-unavailable' });
    }, this.#limits.deadlineMs);
    const pending: PendingAppend = {
      request,
      bytes: requestBytes(request),
      isSettled: () => !this.#unsettled.has(pending),
      settle: (outcome) => {
        if (!this.#unsettled.delete(pending)) return;
        clearTimeout(timer);
        this.#main.remove(pending);
        this.#contended.remove(pending);
        resolve(outcome);
        this.#tellWhenDrained();
      },
    };
    this.#unsettled.add(pending);
    return pending;
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
    if (this.#unsettled.size === 0) this.#onDrained?.();
  }
}

function requestBytes({ messages }: AppendRequest): number {
  let bytes = 0;
  for (const { message } of messages) bytes += Buffer.byteLength(message) + MESSAGE_OVERHEAD_BYTES;
  return bytes;
}
