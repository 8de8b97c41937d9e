import { HEADS_PER_READ_MAX, type MessageStore } from '@postline/message-store';
import type { Feed } from './feed.ts';
import type { FeedDirectory } from './feed-directory.ts';
import type { RelayCounters } from './relay-counters.ts';

export interface HeadComparisonOptions {
  readonly store: Pick<MessageStore, 'readHeads'>;
  readonly feeds: FeedDirectory;
  readonly counters: RelayCounters;
  /** Milliseconds between comparisons while hints arrive. */
  readonly intervalMs: number;
  /** Milliseconds between comparisons while the bus is away and the database alone delivers. */
  readonly intervalWithoutBusMs: number;
  readonly isBusUp: () => boolean;
}

/**
 * Holds every feed against the database, again and again: whatever hints were lost, for whatever reason, this finds
 * the messages. While the bus is away it is the only thing that moves feeds.
 */
export class HeadComparison {
  readonly #options: HeadComparisonOptions;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #wantedAgain = false;
  #stopped = false;

  constructor(options: HeadComparisonOptions) {
    this.#options = options;
    this.#plan();
  }

  /** Compares now; where a comparison is under way, once more after it. */
  now(): void {
    if (this.#running) {
      this.#wantedAgain = true;
      return;
    }
    clearTimeout(this.#timer);
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      await this.#compareAll();
      this.#options.counters.comparisons += 1;
    } catch {
      this.#options.counters.comparisonsFailed += 1; // the database is away; the next round tries again
    }
    this.#running = false;
    if (this.#wantedAgain && !this.#stopped) {
      this.#wantedAgain = false;
      void this.#run();
    } else {
      this.#plan();
    }
  }

  #plan(): void {
    if (this.#stopped) return;
    const { isBusUp, intervalMs, intervalWithoutBusMs } = this.#options;
    this.#timer = setTimeout(() => void this.#run(), isBusUp() ? intervalMs : intervalWithoutBusMs);
  }

  async #compareAll(): Promise<void> {
    const feeds = this.#options.feeds.feeds();
    for (let start = 0; start < feeds.length && !this.#stopped; start += HEADS_PER_READ_MAX) {
      await this.#compare(feeds.slice(start, start + HEADS_PER_READ_MAX));
    }
  }

  async #compare(feeds: readonly Feed[]): Promise<void> {
    const asked = feeds.map((feed) => ({ feed, known: feed.knownPosition }));
    const { epoch, heads } = await this.#options.store.readHeads(feeds.map((feed) => feed.targetId));
    const hintsFlow = this.#options.isBusUp();
    for (const { feed, known } of asked) {
      const head = heads.get(feed.targetId);
      if (head !== undefined && known !== undefined) feed.onComparison({ epoch, ...head }, known, hintsFlow);
    }
  }
}
