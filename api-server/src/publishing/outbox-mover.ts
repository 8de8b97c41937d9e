import type { Outbox, OutboxPage } from '@postline/message-store';
import { RepeatedTask } from '@postline/service-runtime';

export interface OutboxMoverOptions {
  readonly outbox: Pick<Outbox, 'movePage' | 'emptyAtMs'>;
  /** Milliseconds after which an empty outbox is looked into again. */
  readonly intervalMs: number;
  /** Reports each moved page. */
  readonly onPage?: (page: OutboxPage) => void;
  readonly onError?: (error: unknown) => void;
}

/**
 * Moves messages published by SQL from the outbox to their logs: each is in its log one interval after its commit. An
 * append that finds the outbox empty is as good as a pass, so while this process appends, passes are postponed. A pass
 * that left something runs again at once. When the task stops, another API, or its next start, moves the rest.
 */
export function createOutboxMover({ outbox, intervalMs, onPage, onError }: OutboxMoverOptions): RepeatedTask {
  /** When the last pass ended; Infinity if it failed, so that the next one is not postponed. */
  let passedAtMs = Infinity;
  let waitMs = intervalMs;

  const moveAll = async () => {
    let hasMore = false;
    for (let after: string | undefined = ''; after !== undefined && !task.isStopped; ) {
      const page: OutboxPage = await outbox.movePage(after);
      onPage?.(page);
      hasMore ||= page.hasMore;
      after = page.nextAfter;
    }
    passedAtMs = performance.now();
    if (hasMore) task.runNow();
  };
  /** Milliseconds until a row may have waited for an interval; 0 if that is unknown. */
  const freshMs = () => {
    const { emptyAtMs } = outbox;
    return emptyAtMs > passedAtMs ? Math.max(0, emptyAtMs + intervalMs - performance.now()) : 0;
  };
  const task = new RepeatedTask({
    intervalMs: () => waitMs,
    run: async () => {
      waitMs = freshMs();
      if (waitMs > 0) return;
      waitMs = intervalMs;
      try {
        await moveAll();
      } catch (error) {
        passedAtMs = Infinity;
        onError?.(error);
      }
    },
  });
  return task;
}
