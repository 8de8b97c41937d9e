import type { Outbox, OutboxPage } from '@postline/message-store';
import { StoppableLoop } from '../upkeep/stoppable-loop.ts';

export interface OutboxMoverOptions {
  readonly outbox: Pick<Outbox, 'movePage'>;
  /** Milliseconds between two passes through an empty outbox. */
  readonly intervalMs: number;
  /** Reports each moved page. */
  readonly onPage?: (page: OutboxPage) => void;
  readonly onError?: (error: unknown) => void;
}

/** Moves messages published by SQL from the outbox to their logs: each is in its log one interval after its commit. */
export class OutboxMover {
  readonly #options: OutboxMoverOptions;
  readonly #loop = new StoppableLoop(() => this.#moveAllThenPause());

  constructor(options: OutboxMoverOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop.start();
  }

  /** Resolves when the current move has ended. Another API, or the next start, moves the rest. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #moveAllThenPause(): Promise<void> {
    const hasMore = await this.#moveAll();
    if (!hasMore) await this.#loop.pause(this.#options.intervalMs);
  }

  /** Passes through the whole outbox once. Returns true if more can be moved at once. */
  async #moveAll(): Promise<boolean> {
    let hasMore = false;
    try {
      for (let after: string | undefined = ''; after !== undefined && !this.#loop.isStopped; ) {
        const page: OutboxPage = await this.#options.outbox.movePage(after);
        this.#options.onPage?.(page);
        hasMore ||= page.hasMore;
        after = page.nextAfter;
      }
    } catch (error) {
      this.#options.onError?.(error);
      return false;
    }
    return hasMore;
  }
}
