import { HEADS_PER_READ_MAX, type LogHeads, type MessageStore } from '@postline/message-store';
import type { ActivityHealth } from '@postline/service-runtime';
import type { Feed } from './feed.ts';
import type { RelayCounters } from './relay-counters.ts';

export interface HeadComparisonOptions {
  readonly store: Pick<MessageStore, 'readHeads'>;
  readonly feeds: { feeds(): Feed[] };
  readonly counters: RelayCounters;
  /** Milliseconds between comparisons while hints arrive. */
  readonly intervalMs: number;
  /** Milliseconds between comparisons while the bus is away and the database alone delivers. */
  readonly intervalWithoutBusMs: number;
  readonly isBusUp: () => boolean;
  /** Called at the beginning of each round: what else is to be held against the database. */
  readonly onRound?: (() => void) | undefined;
  /** Notes whether the database answers. */
  readonly activity: Pick<ActivityHealth, 'worked' | 'failed'>;
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
    do {
      this.#wantedAgain = false;
      await this.#compareAll();
    } while (this.#isWantedAgain() && !this.#stopped);
    this.#running = false;
    this.#plan();
  }

  #isWantedAgain(): boolean {
    return this.#wantedAgain;
  }

  #plan(): void {
    if (this.#stopped) return;
    const { isBusUp, intervalMs, intervalWithoutBusMs } = this.#options;
    this.#timer = setTimeout(() => void this.#run(), isBusUp() ? intervalMs : intervalWithoutBusMs);
  }

  /** A batch that isn't answered ends the round: the next one tries again. */
  async #compareAll(): Promise<void> {
    const { counters, feeds, onRound } = this.#options;
    onRound?.();
    const open = feeds.feeds();
    for (let start = 0; start < open.length && !this.#stopped; start += HEADS_PER_READ_MAX) {
      if (await this.#compare(open.slice(start, start + HEADS_PER_READ_MAX))) continue;
      counters.comparisonsFailed += 1;
      return;
    }
    counters.comparisons += 1;
  }

  /** False where the database didn't answer. */
  async #compare(feeds: readonly Feed[]): Promise<boolean> {
    const asked = feeds.map((feed) => ({ feed, known: feed.position }));
    const answer = await this.#readHeads(feeds.map((feed) => feed.targetId));
    if (answer === undefined) return false;
    const { epoch, heads } = answer;
    const hintsFlow = this.#options.isBusUp();
    for (const { feed, known } of asked) {
      const head = heads.get(feed.targetId);
      if (head !== undefined && known !== undefined) feed.onComparison({ epoch, ...head }, known, hintsFlow);
    }
    return true;
  }

  /** Undefined where the database didn't answer. */
  async #readHeads(targetIds: readonly string[]): Promise<LogHeads | undefined> {
    const { store, activity } = this.#options;
    try {
      const heads = await store.readHeads(targetIds);
      activity.worked();
      return heads;
    } catch (error) {
      activity.failed(error);
      return undefined;
    }
  }
}
