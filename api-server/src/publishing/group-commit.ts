import type { AppendRequest, MessageStore } from '@postline/message-store';
import { type ListEntry, type SharedTimeout, SharedTimeouts } from '@postline/service-runtime';
import {
  CommitLane,
  type CommitLaneLimits,
  type CommitOutcome,
  type CommitReport,
  isForOneOf,
  type PendingAppend,
} from './commit-lane.ts';
import type { PublishSpan, StartCommitSpan } from './publish-spans.ts';

/** Between two attempts at a held counter. The store waits for the lock too; this pause prevents a busy loop if it fails fast. */
const CONTENDED_PAUSE_MS = 50;

/** The objects and times of a message, in addition to its texts. */
const MESSAGE_OVERHEAD_BYTES = 256;

export interface GroupCommitLimits {
  /** Messages and bytes of one commit; a larger request is committed alone. */
  readonly batchMessagesMax: number;
  readonly batchBytesMax: number;
  /** Requests and bytes without an outcome, including those in flight. */
  readonly waitingRequestsMax: number;
  readonly waitingBytesMax: number;
  /** Requests that wait for a counter held by another transaction. */
  readonly contendedRequestsMax: number;
  /** Milliseconds from the arrival of a request to its outcome, whatever the store does. */
  readonly deadlineMs: number;
}

export interface GroupCommitOptions {
  readonly store: Pick<MessageStore, 'append'>;
  readonly limits: GroupCommitLimits;
  /** Reports each append() of the store. */
  readonly onCommit?: (report: CommitReport) => void;
  /** Begins the span of each append(); left out if nothing is traced. */
  readonly startSpan?: StartCommitSpan | undefined;
  /** Calls back after the sockets have been read; tests decide when. */
  readonly onNextTurn?: (goOn: () => void) => void;
}

export interface WaitingFigures {
  readonly requests: number;
  readonly bytes: number;
  readonly contendedRequests: number;
}

/**
 * Lets concurrent requests share a commit: while one commit is in flight, arriving requests form the next batch. A single
 * request is committed at once; only after a large batch does the next one wait for more.
 *
 * A request that finds its counter held by another transaction moves to a separate lane, together with all requests for
 * the same targets, so that it delays no others.
 */
export class GroupCommit {
  readonly #main: CommitLane;
  readonly #contended: CommitLane;
  /** One for each request without an outcome. */
  readonly #deadlines: SharedTimeouts;
  #arrivals = 0;
  #draining = false;
  #onDrained: (() => void) | undefined;

  constructor(options: GroupCommitOptions) {
    const { store, limits, onCommit = () => undefined, startSpan, onNextTurn = setImmediate } = options;
    this.#deadlines = new SharedTimeouts(limits.deadlineMs);
    const laneLimits: CommitLaneLimits = { ...limits, contendedPauseMs: CONTENDED_PAUSE_MS };
    this.#main = new CommitLane({
      store,
      limits: laneLimits,
      onCommit,
      startSpan,
      onNextTurn,
      onContended: (contended) => {
        this.#moveToContended(contended);
      },
    });
    this.#contended = new CommitLane({
      store,
      limits: { ...laneLimits, waitingRequestsMax: limits.contendedRequestsMax },
      onCommit,
      startSpan,
      onNextTurn,
      targetsBefore: () => this.#targetsOfMain(),
    });
  }

  /** Resolves with the outcome of a request, at the latest at its deadline. Never rejects. `span`: if it is traced. */
  append(request: AppendRequest, span?: PublishSpan): Promise<CommitOutcome> {
    if (this.#draining) return Promise.resolve({ kind: 'overloaded' });
    return new Promise((resolve) => {
      this.#arrivals += 1;
      const pending = new PendingRequest({
        request,
        arrival: this.#arrivals,
        span,
        resolve,
        onSettled: this.#onSettled,
      });
      pending.deadline = this.#deadlines.start(() => {
        pending.settle({ kind: 'store-unavailable' });
      });
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

  /** Refuses new requests, and resolves when every request has its outcome: within the deadline. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#resolveWhenDrained();
    });
  }

  readonly #onSettled = (pending: PendingRequest): void => {
    if (pending.deadline !== undefined) this.#deadlines.end(pending.deadline);
    this.#main.remove(pending);
    this.#contended.remove(pending);
    this.#resolveWhenDrained();
  };

  /** Moves the requests behind them too: in the main lane they would wait for the same counter and block all others. */
  #moveToContended(contended: readonly PendingAppend[]): void {
    const moving: PendingAppend[] = [];
    const targetIds = new Set<string>();
    const move = (pending: PendingAppend) => {
      this.#main.remove(pending);
      moving.push(pending);
      for (const { targetId } of pending.request.messages) targetIds.add(targetId);
    };
    contended.forEach(move);
    for (const pending of this.#main.waiting()) if (isForOneOf(targetIds, pending)) move(pending);
    for (const pending of moving) this.#contended.add(pending); // only now: it looks at what is left in the main lane
  }

  /** Their requests are older than those for the same targets in the contended lane, which all later ones go to. */
  #targetsOfMain(): ReadonlySet<string> {
    const targetIds = new Set<string>();
    for (const { request } of this.#main.waiting()) {
      for (const { targetId } of request.messages) targetIds.add(targetId);
    }
    return targetIds;
  }

  #resolveWhenDrained(): void {
    if (this.#draining && this.#deadlines.running === 0) this.#onDrained?.();
  }
}

interface PendingRequestOptions {
  readonly request: AppendRequest;
  readonly arrival: number;
  readonly span: PublishSpan | undefined;
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly onSettled: (pending: PendingRequest) => void;
}

class PendingRequest implements PendingAppend {
  readonly request: AppendRequest;
  readonly arrival: number;
  readonly bytes: number;
  readonly span: PublishSpan | undefined;
  waiting: ListEntry<PendingAppend> | undefined;
  /** Running until it has an outcome. */
  deadline: SharedTimeout | undefined;
  readonly #resolve: (outcome: CommitOutcome) => void;
  readonly #onSettled: (pending: PendingRequest) => void;
  #settled = false;

  constructor({ request, arrival, span, resolve, onSettled }: PendingRequestOptions) {
    this.request = request;
    this.arrival = arrival;
    this.bytes = requestBytes(request);
    this.span = span;
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

/** The bytes of a request in memory or in a statement, whichever is more. */
function requestBytes({ messages }: AppendRequest): number {
  let bytes = 0;
  for (const { message, targetId, idempotencyKey } of messages) {
    // Ids and keys have one byte per character.
    bytes += textBytes(message) + targetId.length + (idempotencyKey?.length ?? 0) + MESSAGE_OVERHEAD_BYTES;
  }
  return bytes;
}

/** One non-ASCII character can make every character of a text take two bytes in memory. */
function textBytes(text: string): number {
  const encodedBytes = Buffer.byteLength(text);
  return encodedBytes === text.length ? encodedBytes : Math.max(encodedBytes, 2 * text.length);
}
