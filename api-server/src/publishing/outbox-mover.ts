import type { Outbox, OutboxPage } from '@postline/message-store';
import { RepeatedTask } from '@postline/service-runtime';

export interface OutboxMoverOptions {
  readonly outbox: Pick<Outbox, 'movePage'>;
  /** Milliseconds between two passes through an empty outbox. */
  readonly intervalMs: number;
  /** Reports each moved page. */
  readonly onPage?: (page: OutboxPage) => void;
  readonly onError?: (error: unknown) => void;
}

/**
 * Moves messages published by SQL from the outbox to their logs: each is in its log one interval after its commit. A pass
 * that left something runs again at once. When the task stops, another API, or its next start, moves the rest.
 */
export function createOutboxMover({ outbox, intervalMs, onPage, onError }: OutboxMoverOptions): RepeatedTask {
  const task = new RepeatedTask({
    intervalMs: () => intervalMs,
    run: async () => {
      try {
        let hasMore = false;
        for (let after: string | undefined = ''; after !== undefined && !task.isStopped; ) {
          const page: OutboxPage = await outbox.movePage(after);
          onPage?.(page);
          hasMore ||= page.hasMore;
          after = page.nextAfter;
        }
        if (hasMore) task.runNow();
      } catch (error) {
        onError?.(error);
      }
    },
  });
  return task;
}
