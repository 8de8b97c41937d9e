import type { Outbox, OutboxPage } from '@postline/message-store';
import { StoppableLoop } from '../upkeep/stoppable-loop.ts';

export interface OutboxMoverOptions {
  readonly outbox: Pick<Outbox, 'movePage'>;
  /** Milliseconds between two looks at an outbox that was empty. */
  readonly intervalMs: number;
  /** Told how each look at a page went. */
  readonly onPage?: (page: OutboxPage) => void;
  readonly onError?: (error: unknown) => void;
}

/** Moves what applications publish by SQL, over and over: whatever is committed is in its log an interval later. */
export class OutboxMover {
  readonly #options: OutboxMoverOptions;
  readonly #loop = new StoppableLoop(() => this.#moveAllThenPause());

  constructor(options: OutboxMoverOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop.start();
  }

  /** Resolves once nothing is under way any more. What waits then, another API moves, or this one's next start. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #moveAllThenPause(): Promise<void> {
    const hasMore = await this.#moveAll();
    if (!hasMore) await this.#loop.pause(this.#options.intervalMs);
  }

  /** Goes through the whole outbox once; true where there is more to move at once. */
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
