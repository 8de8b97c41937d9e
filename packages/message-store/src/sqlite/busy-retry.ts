import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailableError } from '../message-store.ts';

const PAUSE_MS_MAX = 8;

export interface BusyRetry {
  readonly what: string;
  readonly deadlineMs: number;
}

/**
 * Runs `work`, and again after a short random pause while another process has the file locked. SQLite's own busy
 * timeout would block the event loop for as long; so it is off, and the waiting is done here.
 *
 * Each call takes its own turn of the event loop. The work is done in one go, so without that a caller who reads
 * page after page would never let a socket or a timer have theirs.
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

/** Whether another process keeps the file locked. */
export function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^SQLITE_(?:BUSY|LOCKED)/.test(error.code)
  );
}
