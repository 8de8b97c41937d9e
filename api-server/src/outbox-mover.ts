import type { Outbox, OutboxPage } from '@postline/message-store';

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
  #running: Promise<void> | undefined;
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(options: OutboxMoverOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves once nothing is under way any more. What waits then, another API moves, or this one's next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const hasMore = await this.#moveAll();
      if (!hasMore) await this.#pause();
    }
  }

  /** Goes through the whole outbox once; true where there is more to move at once. */
  async #moveAll(): Promise<boolean> {
    let hasMore = false;
    try {
      for (let after: string | undefined = ''; after !== undefined && !this.#stopped; ) {
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

  #pause(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.intervalMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
