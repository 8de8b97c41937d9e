import { StoreUnavailableError } from '@postline/message-store';
import { DeadlineError, withDeadline } from '@postline/service-runtime';

/** What became of a read that nobody waits for longer than its deadline. */
export type ReadOutcome<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'store-unavailable' };

export interface BoundedReadsOptions {
  /** What is read, as an error says it. */
  readonly what: string;
  /** Reads under way, those that wait for the store included. */
  readonly readsMax: number;
  readonly deadlineMs: number;
}

/** Does a read where there is room for it; `expired` is set once nobody waits for it any more. */
export type BoundedRead = <T>(read: (expired: AbortSignal) => Promise<T>) => Promise<ReadOutcome<T>>;

/** Bounds reads of the store in number and time. One that is late keeps its place until it has ended. */
export function createBoundedReads({ what, readsMax, deadlineMs }: BoundedReadsOptions): BoundedRead {
  let reading = 0;
  return async (read) => {
    if (reading >= readsMax) return { kind: 'overloaded' };
    reading += 1;
    const expiry = new AbortController();
    const work = read(expiry.signal).finally(() => {
      reading -= 1;
    });
    const onExpired = () => {
      expiry.abort();
    };
    try {
      return { kind: 'read', value: await withDeadline(work, { what, milliseconds: deadlineMs, onExpired }) };
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof DeadlineError) {
        return { kind: 'store-unavailable' };
      }
      throw error;
    }
  };
}
