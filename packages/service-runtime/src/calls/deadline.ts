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
  readonly milliseconds: number;
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
    let settled = false;
    const expire = () => {
      if (settled) return;
      settled = true;
      reject(new DeadlineError(deadline.what, deadline.milliseconds));
      deadline.onExpired?.();
    };
    const timer = setTimeout(() => setImmediate(expire), deadline.milliseconds);
    const settle = () => {
      settled = true;
      clearTimeout(timer);
    };
    work.then(resolve, reject).finally(settle);
  });
}
