import { StoreUnavailableError } from '@postline/message-store';
import { DeadlineError, FairSlots, SlotsExhaustedError, withDeadline } from '@postline/service-runtime';
import { NoRoomError } from './reader.ts';

/** What became of a read that nobody waits for longer than its deadline. */
export type ReadOutcome<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'store-unavailable' };

export interface ReadBounds {
  /** Reads at once. */
  readonly readsMax: number;
  /** Reads that may wait for their turn. */
  readonly waitingMax: number;
  /** Milliseconds for a read, its waiting included. */
  readonly deadlineMs: number;
}

/**
 * Of the reads at once, and of those that wait, one reader may have so much: the database's connections are fewer than
 * the reads, and another reader finds one free.
 */
const READS_OF_ONE_SHARE = 1 / 4;
const WAITING_OF_ONE_SHARE = 3 / 4;

export interface BoundedReadsOptions extends ReadBounds {
  /** What is read, as an error says it. */
  readonly what: string;
  /** What a reader may cost each time that its turn comes round; 1 where it is left out. */
  readonly costPerTurn?: number;
}

interface BoundedReadRequest<T> {
  /** Whose turn it takes. */
  readonly readerId: string;
  /** `expired` is set as soon as nobody waits for it any more. */
  readonly read: (expired: AbortSignal) => Promise<T>;
  /** What it took, in any unit: who reads much waits longer for the next. */
  readonly costOf?: (value: T) => number;
}

/** Does a read once there is room for it. */
export type BoundedRead = <T>(request: BoundedReadRequest<T>) => Promise<ReadOutcome<T>>;

/**
 * Bounds reads of the store in number and time; those that wait are done in turn by who asks. One that is late keeps its
 * slot until it has ended.
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
