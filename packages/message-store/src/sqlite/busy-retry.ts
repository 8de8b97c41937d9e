import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailableError } from '../message-store.ts';

const PAUSE_MS_MAX = 8;

export interface BusyRetry {
  readonly what: string;
  readonly deadlineMs: number;
}

/**
 * Runs `work`, and runs it again after a short random pause while another process has the file locked. SQLite's own
 * busy timeout would block the event loop, so it is disabled.
 *
 * Each call takes its own turn of the event loop. `work` is synchronous, so otherwise a caller that reads page after
 * page would block all sockets and timers.
 */
export async function retryWhileBusy<T>({ what, deadlineMs }: BusyRetry, work: () => T): Promise<T> {
  const end = performance.now() + deadlineMs;
  await nextTurn();
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() >= end) {
        throw new StoreUnavailableError(`${what}: another process kept the file locked`, error);
      }
    }
    await sleep(1 + Math.random() * PAUSE_MS_MAX);
  }
}

/** Whether another process has the file locked. */
export function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^SQLITE_(?:BUSY|LOCKED)/.test(error.code)
  );
}
