import type { SharedTimeouts } from '../structures/shared-timeouts.ts';

/** A call exceeded its deadline. `code` is for logs and metrics. */
export class DeadlineError extends Error {
  readonly code = 'deadline_exceeded';

  constructor(what: string, milliseconds: number) {
    super(`${what} took longer than ${milliseconds} ms`);
    this.name = 'DeadlineError';
  }
}

interface DeadlineCall {
  /** The name of the call in the error's message. */
  readonly what: string;
  /** Called when time is up, to release what the late work holds. */
  readonly onExpired?: () => void;
}

/** The time of a call. `timeouts` share a timer: for calls that are made very often. */
export type Deadline = DeadlineCall &
  ({ readonly milliseconds: number } | { readonly timeouts: SharedTimeouts });

/**
 * Settles as `work` does, or rejects with a DeadlineError when time is up. The work itself continues and its
 * outcome is ignored, so `onExpired` should end it.
 *
 * In a busy process the timer fires before answers that already wait in its sockets are read. So they are read first
 * (by waiting for the immediate that follows the poll for I/O): a busy process does not consider its peer dead.
 */
export function withDeadline<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const { what, onExpired } = deadline;
    const { milliseconds } = 'timeouts' in deadline ? deadline.timeouts : deadline;
    let settled = false;
    const expire = () => {
      if (settled) return;
      settled = true;
      reject(new DeadlineError(what, milliseconds));
      onExpired?.();
    };
    const endTimeout = startTimeout(deadline, () => setImmediate(expire));
    const settle = () => {
      settled = true;
      endTimeout();
    };
    void work.then(resolve, reject).then(settle);
  });
}

/** Returns the function that ends it. */
function startTimeout(deadline: Deadline, onExpired: () => void): () => void {
  if ('timeouts' in deadline) {
    const { timeouts } = deadline;
    const timeout = timeouts.start(onExpired);
    return () => {
      timeouts.end(timeout);
    };
  }
  const timer = setTimeout(onExpired, deadline.milliseconds);
  return () => {
    clearTimeout(timer);
  };
}
