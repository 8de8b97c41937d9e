/** A wait that took longer than it may. `code` is for logs and metrics. */
export class DeadlineError extends Error {
  readonly code = 'deadline_exceeded';

  constructor(what: string, milliseconds: number) {
    super(`${what} took longer than ${milliseconds} ms`);
    this.name = 'DeadlineError';
  }
}

export interface Deadline {
  /** What is waited for, as the error says it. */
  readonly what: string;
  readonly milliseconds: number;
  /** Called when time is up, to give back what the late work holds. */
  readonly onExpired?: () => void;
}

/**
 * Settles as `work` does, or rejects with a DeadlineError after `milliseconds`. The work itself goes on: its later
 * outcome is dropped, so `onExpired` should end it.
 *
 * In a process that was busy the timer comes before the answers that lie in its sockets. They are read first (by
 * waiting for the immediate that follows the poll for I/O), so a busy process does not take its peer for dead.
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
