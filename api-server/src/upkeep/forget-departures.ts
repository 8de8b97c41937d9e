import type { MemberUpkeep } from '@postline/message-store';
import { RepeatedTask } from '@postline/service-runtime';

/** Departures are kept for a day; an hour more does no harm. */
const INTERVAL_MS = 3_600_000;
/** Leaves the database to the publishers most of the time, even while there is much to delete. */
const STEP_PAUSE_MS = 20;

export interface ForgetDeparturesOptions {
  readonly store: MemberUpkeep;
  readonly onPass?: () => void;
  readonly onError?: (error: unknown) => void;
  readonly intervalMs?: number;
}

/** Deletes the departures of members that no relay needs any more, periodically and in small steps. */
export function createForgetDepartures(options: ForgetDeparturesOptions): RepeatedTask {
  const { store, onPass, onError, intervalMs = INTERVAL_MS } = options;
  const task = new RepeatedTask({
    // Spreads the passes of several APIs that were started together.
    intervalMs: () => intervalMs * (0.5 + Math.random() / 2),
    run: async () => {
      try {
        while ((await store.forgetDepartures()) > 0 && !task.isStopped) await task.pause(STEP_PAUSE_MS);
        onPass?.();
      } catch (error) {
        onError?.(error);
      }
    },
  });
  return task;
}
