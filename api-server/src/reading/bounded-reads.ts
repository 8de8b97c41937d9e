import { StoreUnavailableError } from '@postline/message-store';
import { DeadlineError, FairSlots, SlotsExhaustedError, withDeadline } from '@postline/service-runtime';

/** The caller of a read, and the memory for its answer. */
export interface Reader {
  /** The name of a key, the client of a token, or an address. All reads with this id share turns and memory. */
  readonly id: string;
  /** Reserves bytes. Returns false if no memory is left, or the reader has disconnected. */
  grow(bytes: number): boolean;
  shrink(bytes: number): void;
}

/** No memory was left for any part of an answer. */
export class NoRoomError extends Error {
  readonly code = 'no_room';

  constructor() {
    super('no memory is left for this answer');
    this.name = 'NoRoomError';
  }
}

export type ReadOutcome<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'store-unavailable' };

export interface ReadBounds {
  /** Concurrent reads. */
  readonly readsMax: number;
  /** Reads that may wait for their turn. */
  readonly waitingMax: number;
  /** Milliseconds for a read, including its wait. */
  readonly deadlineMs: number;
}

/**
 * One reader's share of the concurrent reads and of the waiting reads. The database has fewer connections than there are
 * reads, so that one reader must not occupy all of them.
 */
const READS_OF_ONE_SHARE = 1 / 4;
const WAITING_OF_ONE_SHARE = 3 / 4;

export interface BoundedReadsOptions extends ReadBounds {
  /** Names the kind of read in errors. */
  readonly what: string;
  /** The cost that a reader may cause in each turn; default 1. */
  readonly costPerTurn?: number;
}

interface BoundedReadRequest<T> {
  readonly readerId: string;
  /** `expired` is aborted when the deadline has passed. */
  readonly read: (expired: AbortSignal) => Promise<T>;
  /** The cost of a finished read, in any unit: a reader that reads much waits longer for its next turn. */
  readonly costOf?: (value: T) => number;
}

/** Runs a read when its turn comes. */
export type BoundedRead = <T>(request: BoundedReadRequest<T>) => Promise<ReadOutcome<T>>;

/**
 * Bounds reads of the store in number and time; readers take turns. A read that misses its deadline keeps its slot until it
 * has ended.
 */
export function createBoundedReads(options: BoundedReadsOptions): BoundedRead {
  const { what, readsMax, waitingMax, deadlineMs, costPerTurn = 1 } = options;
  const slots = new FairSlots({
    slotsMax: readsMax,
    slotsPerPayerMax: Math.max(1, Math.ceil(readsMax * READS_OF_ONE_SHARE)),
    waitersMax: waitingMax,
    waitersPerPayerMax: Math.ceil(waitingMax * WAITING_OF_ONE_SHARE),
    costPerTurn,
  });
  return async ({ readerId, read, costOf }) => {
    const expiry = new AbortController();
    const work = slots.use(readerId, () => read(expiry.signal), { signal: expiry.signal, costOf });
    const onExpired = () => {
      expiry.abort();
    };
    try {
      return { kind: 'read', value: await withDeadline(work, { what, milliseconds: deadlineMs, onExpired }) };
    } catch (error) {
      if (error instanceof SlotsExhaustedError || error instanceof NoRoomError) return { kind: 'overloaded' };
      if (error instanceof StoreUnavailableError || error instanceof DeadlineError) {
        return { kind: 'store-unavailable' };
      }
      throw error;
    }
  };
}
