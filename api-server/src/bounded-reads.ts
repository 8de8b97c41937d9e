import { StoreUnavailableError } from '@postline/message-store';
import { DeadlineError, Slots, SlotsExhaustedError, withDeadline } from '@postline/service-runtime';

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

export interface BoundedReadsOptions extends ReadBounds {
  /** What is read, as an error says it. */
  readonly what: string;
}

/** Does a read once there is room for it; `expired` is set as soon as nobody waits for it any more. */
export type BoundedRead = <T>(read: (expired: AbortSignal) => Promise<T>) => Promise<ReadOutcome<T>>;

/** Bounds reads of the store in number and time. One that is late keeps its slot until it has ended. */
export function createBoundedReads(options: BoundedReadsOptions): BoundedRead {
  const { what, readsMax, waitingMax, deadlineMs } = options;
  const slots = new Slots({ slotsMax: readsMax, waitersMax: waitingMax });
  return async (read) => {
    const expiry = new AbortController();
    const work = slots.use(() => read(expiry.signal), expiry.signal);
    const onExpired = () => {
      expiry.abort();
    };
    try {
      return { kind: 'read', value: await withDeadline(work, { what, milliseconds: deadlineMs, onExpired }) };
    } catch (error) {
      if (error instanceof SlotsExhaustedError) return { kind: 'overloaded' };
      if (error instanceof StoreUnavailableError || error instanceof DeadlineError) {
        return { kind: 'store-unavailable' };
      }
      throw error;
    }
  };
}
