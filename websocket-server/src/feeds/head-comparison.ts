import {
  contradicts,
  type KnownRow,
  type LogHeads,
  type MessageStore,
  ROWS_PER_READ_MAX,
} from '@postline/message-store';
import type { RowMark } from '@postline/protocol';
import { type ActivityHealth, RepeatedTask, partsOf } from '@postline/service-runtime';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import type { Feed } from './feed.ts';

/**
 * Feeds in one read. The database and this process are busy with a read of so many for some three milliseconds, and
 * messages in between wait for no longer than that.
 */
const FEEDS_PER_READ_MAX = 128;

/** Between two reads of a round. Read one after the other, they would delay messages by several times those milliseconds. */
const PAUSE_MS = 25;
/** The pauses of a round take at most this share of the interval, and the interval after the round is shorter by them. */
const PAUSES_SHARE_MAX = 1 / 3;

/**
 * Feeds that got a hint which nothing explains are compared together, at most twice a second: a publisher that keeps
 * sending old hints costs no more than that.
 */
const SUSPICION_GATHER_MS = 500;
/** Eight reads: some 24 ms of this process, which leaves most of the time between two gatherings to messages. */
const SUSPICIOUS_FEEDS_MAX = 8 * FEEDS_PER_READ_MAX;

export interface HeadComparisonOptions {
  readonly store: Pick<MessageStore, 'readHeads' | 'readMarks'>;
  readonly feeds: { feeds(): Feed[] };
  readonly counters: RelayCounters;
  /** Milliseconds between comparisons while hints arrive. */
  readonly intervalMs: number;
  /** Milliseconds between comparisons while the bus is away and the database alone delivers. */
  readonly intervalWithoutBusMs: number;
  readonly isBusUp: () => boolean;
  /** Called at the start of each round, for other state that is compared with the database. */
  readonly onRound?: (() => void) | undefined;
  /** Called after each round that the database answered. */
  readonly onRoundEnd?: (() => void) | undefined;
  /** Notes whether the database answers. */
  readonly activity: Pick<ActivityHealth, 'worked' | 'failed'>;
}

/**
 * Compares every feed with the database, again and again, and so finds the messages whose hints were lost. While the bus
 * is away, nothing else moves feeds.
 */
export class HeadComparison {
  readonly #options: HeadComparisonOptions;
  readonly #rounds: RepeatedTask;
  readonly #suspicions = new RepeatedTask({ run: () => this.#compareSuspicious() });
  readonly #suspicious = new Set<Feed>();
  /** Somebody waits for the end of the next round: it makes no pauses. */
  #isHurried = false;
  /** Of the last round. */
  #pausedMs = 0;

  constructor(options: HeadComparisonOptions) {
    this.#options = options;
    const { isBusUp, intervalMs, intervalWithoutBusMs } = options;
    this.#rounds = new RepeatedTask({
      run: () => this.#compareAll(),
      intervalMs: () => (isBusUp() ? intervalMs - this.#pausedMs : intervalWithoutBusMs),
    });
    this.#rounds.start();
  }

  /** Compares now; if a comparison is under way, once more after it. */
  now(): void {
    this.#isHurried = true;
    this.#rounds.runNow();
  }

  /** Compares this feed soon, together with others. */
  suspect(feed: Feed): void {
    if (this.#rounds.isStopped) return;
    this.#suspicious.add(feed);
    this.#suspicions.runWithin(SUSPICION_GATHER_MS);
  }

  /** A comparison that is under way ends by itself, within the store's deadline. */
  stop(): void {
    void this.#rounds.stop();
    void this.#suspicions.stop();
  }

  async #compareSuspicious(): Promise<void> {
    const feeds = [...this.#suspicious].slice(0, SUSPICIOUS_FEEDS_MAX);
    this.#suspicious.clear(); // the next round compares the rest
    for (const part of partsOf(feeds, FEEDS_PER_READ_MAX)) await this.#compare(part, { isRound: false });
  }

  /** A batch that the database does not answer ends the round; the next round retries. */
  async #compareAll(): Promise<void> {
    const { counters, feeds, onRound, onRoundEnd } = this.#options;
    onRound?.();
    const parts = [...partsOf(feeds.feeds(), FEEDS_PER_READ_MAX)];
    const pauseMs = this.#pauseMs(parts.length);
    this.#isHurried = false;
    this.#pausedMs = 0;
    for (const [index, part] of parts.entries()) {
      if (index > 0) await this.#pause(pauseMs);
      if (this.#rounds.isStopped) break;
      if (await this.#compare(part, { isRound: true })) continue;
      counters.comparisonsFailed += 1;
      return;
    }
    counters.comparisons += 1;
    onRoundEnd?.();
  }

  #pauseMs(reads: number): number {
    const { isBusUp, intervalMs } = this.#options;
    if (this.#isHurried || !isBusUp()) return 0;
    return Math.floor(Math.min(PAUSE_MS, (PAUSES_SHARE_MAX * intervalMs) / reads));
  }

  async #pause(milliseconds: number): Promise<void> {
    if (milliseconds === 0 || this.#isHurried) return;
    this.#pausedMs += milliseconds;
    await this.#rounds.pause(milliseconds);
  }

  /** False if the database did not answer. */
  async #compare(feeds: readonly Feed[], { isRound }: { readonly isRound: boolean }): Promise<boolean> {
    const asked = feeds.map((feed) => ({ feed, known: feed.position, rows: feed.seenRows() }));
    const answer = await this.#read(() => this.#options.store.readHeads(feeds.map((feed) => feed.targetId)));
    if (answer === undefined) return false;
    const { epoch, heads, databaseTimeMs } = answer;
    const rowsBehind = asked.flatMap(({ feed, rows }) =>
      rows.filter((row) => isBehindHead(row, heads, feed)),
    );
    const rowsThere = await this.#readRows(rowsBehind);
    if (rowsThere === undefined) return false;
    const hintsFlow = isRound && this.#options.isBusUp(); // only two rounds can show that a hint was lost
    for (const { feed, known, rows } of asked) {
      const head = heads.get(feed.targetId);
      if (head === undefined || known === undefined) continue;
      const isContradicted = (row: KnownRow) => {
        const there = row.offset === head.head ? head.mark : rowsThere.get(row);
        return contradicts(row, { head: head.head, row: there });
      };
      const contradicted = rows.find(isContradicted);
      feed.onComparison({
        reading: { epoch, ...head },
        known,
        rows,
        contradicted,
        databaseTimeMs,
        hintsFlow,
      });
    }
    return true;
  }

  /** The rows that are now where these were; undefined if the database did not answer. */
  async #readRows(rows: readonly KnownRow[]): Promise<ReadonlyMap<KnownRow, RowMark> | undefined> {
    const found = new Map<KnownRow, RowMark>();
    for (const part of partsOf(rows, ROWS_PER_READ_MAX)) {
      const marks = await this.#read(() => this.#options.store.readMarks(part));
      if (marks === undefined) return undefined;
      part.forEach((row, index) => {
        const mark = marks[index];
        if (mark !== undefined) found.set(row, mark);
      });
    }
    return found;
  }

  /** Undefined if the database did not answer. */
  async #read<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    const { activity } = this.#options;
    try {
      const answer = await ask();
      activity.worked();
      return answer;
    } catch (error) {
      activity.failed(error);
      return undefined;
    }
  }
}

/** The row at the head was read with the head; an earlier one must be looked up. */
function isBehindHead(row: KnownRow, heads: LogHeads['heads'], feed: Feed): boolean {
  return row.mark !== undefined && row.offset < (heads.get(feed.targetId)?.head ?? 0);
}
