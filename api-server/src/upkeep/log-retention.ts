import type { LogTrimmer, RetentionRule } from '@postline/message-store';
import { RepeatedTask } from '@postline/service-runtime';

export interface LogRetentionOptions {
  readonly trimmer: LogTrimmer;
  readonly rule: RetentionRule;
  /** Milliseconds between two passes over all targets. */
  readonly intervalMs: number;
  /** Reports the messages deleted by each pass; those deleted by another API are not counted. */
  readonly onPass?: (deletedCount: number) => void;
  readonly onError?: (error: unknown) => void;
}

/** Leaves the database to the publishers most of the time, even while there is much to delete. */
const STEP_PAUSE_MS = 20;

/** Spreads the passes of several APIs that were started together. */
const JITTER_SHARE = 0.2;

/** Deletes messages by the retention rule, periodically and in small steps, one API at a time. */
export function createLogRetention(options: LogRetentionOptions): RepeatedTask {
  const { trimmer, rule, intervalMs, onPass, onError } = options;
  const task = new RepeatedTask({
    intervalMs: () => intervalMs * (1 - JITTER_SHARE * Math.random()),
    run: async () => {
      try {
        let deletedCount = 0;
        for (let after: string | undefined = ''; after !== undefined && !task.isStopped; ) {
          const step = await trimmer.deleteOldest({ ...rule, afterTargetId: after });
          if (step.kind === 'busy') break; // another API is deleting, and passes over all targets
          deletedCount += step.deletedCount;
          after = step.nextAfter;
          if (after !== undefined) await task.pause(STEP_PAUSE_MS);
        }
        onPass?.(deletedCount);
      } catch (error) {
        onError?.(error);
      }
    },
  });
  return task;
}
