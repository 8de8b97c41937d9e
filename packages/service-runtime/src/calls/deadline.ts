import type { SharedTimeouts } from '../structures/shared-timeouts.ts';

/** A call exceeded its deadline. `code` is for logs and metrics. */
export class DeadlineError extends Error {
  readonly code = 'deadline_exceeded';

  constructor(what: string, milliseconds: number) {
    super(`${what} took longer than ${milliseconds} ms`);
    this.name = 'DeadlineError';
  }
}

export interface Deadline {
  /** The name of the call in the error's message. */
  readonly what: string;
  /** For calls that are made very often: timeouts of this length that share a timer. */
  readonly milliseconds: number | SharedTimeouts;
  /** Called when time is up, to release what the late work holds. */
  readonly onExpired?: () => void;
}

/**
 * Settles as `work` does, or rejects with a DeadlineError after `milliseconds`. The work itself continues and its
 * outcome is ignored, so `onExpired` should end it.
 *
 * In a busy process the timer fires before answers that already wait in its sockets are read. So they are read first
 * (by waiting for the immediate that follows the poll for I/O): a busy process does not consider its peer dead.
 */
export function withDeadline<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const { what, milliseconds, onExpired } = deadline;
    let settled = false;
    const expire = () => {
      if (settled) return;
      settled = true;
      reject(
        new DeadlineError(what, typeof milliseconds === 'number' ? milliseconds : milliseconds.milliseconds),
      );
      onExpired?.();
    };
    const endTimeout = startTimeout(milliseconds, () => setImmediate(expire));
    const settle = () => {
      settled = true;
      endTimeout();
    };
    void work.then(resolve, reject).then(settle);
  });
}

/** Returns the function that ends it. */
function startTimeout(length: number | SharedTimeouts, onExpired: () => void): () => void {
  if (typeof length === 'number') {
    const timer = setTimeout(onExpired, length);
    return () => {
      clearTimeout(timer);
    };
  }
  const timeout = length.start(onExpired);
  return () => {
    length.end(timeout);
  };
}
