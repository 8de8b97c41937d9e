import {
  contradicts,
  HEADS_PER_READ_MAX,
  type KnownRow,
  type LogHeads,
  type MessageStore,
  ROWS_PER_READ_MAX,
} from '@postline/message-store';
import type { RowMark } from '@postline/protocol';
import type { ActivityHealth } from '@postline/service-runtime';
import type { Feed } from './feed.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';

/**
 * Feeds about which a hint came that nothing explains are compared together, twice a second at most: a publisher that
 * sends old hints again and again costs no more than that.
 */
const SUSPICION_GATHER_MS = 500;

export interface HeadComparisonOptions {
  readonly store: Pick<MessageStore, 'readHeads' | 'readMarks'>;
  readonly feeds: { feeds(): Feed[] };
  readonly counters: RelayCounters;
  /** Milliseconds between comparisons while hints arrive. */
  readonly intervalMs: number;
  /** Milliseconds between comparisons while the bus is away and the database alone delivers. */
  readonly intervalWithoutBusMs: number;
  readonly isBusUp: () => boolean;
  /** Called at the beginning of each round: what else is to be held against the database. */
  readonly onRound?: (() => void) | undefined;
  /** Called after each round that was answered. */
  readonly onRoundEnd?: (() => void) | undefined;
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
  readonly #suspicious = new Set<Feed>();
  #suspicionTimer: NodeJS.Timeout | undefined;

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

  /** Compares this feed soon, together with others. */
  suspect(feed: Feed): void {
    if (this.#stopped) return;
    this.#suspicious.add(feed);
    this.#suspicionTimer ??= setTimeout(() => {
      this.#suspicionTimer = undefined;
      const feeds = [...this.#suspicious].slice(0, HEADS_PER_READ_MAX);
      this.#suspicious.clear(); // what is beyond has its turn in the next round
      void this.#compare(feeds, { isRound: false });
    }, SUSPICION_GATHER_MS);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#suspicionTimer);
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
    const { counters, feeds, onRound, onRoundEnd } = this.#options;
    onRound?.();
    const open = feeds.feeds();
    for (let start = 0; start < open.length && !this.#stopped; start += HEADS_PER_READ_MAX) {
      const part = open.slice(start, start + HEADS_PER_READ_MAX);
      if (await this.#compare(part, { isRound: true })) continue;
      counters.comparisonsFailed += 1;
      return;
    }
    counters.comparisons += 1;
    onRoundEnd?.();
  }

  /** False where the database didn't answer. */
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
    const hintsFlow = isRound && this.#options.isBusUp(); // whether a hint was lost is seen from round to round
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

  /** The rows that stand at the places of these; undefined where the database didn't answer. */
  async #readRows(rows: readonly KnownRow[]): Promise<ReadonlyMap<KnownRow, RowMark> | undefined> {
    const found = new Map<KnownRow, RowMark>();
    for (let start = 0; start < rows.length; start += ROWS_PER_READ_MAX) {
      const part = rows.slice(start, start + ROWS_PER_READ_MAX);
      const marks = await this.#read(() => this.#options.store.readMarks(part));
      if (marks === undefined) return undefined;
      part.forEach((row, index) => {
        const mark = marks[index];
        if (mark !== undefined) found.set(row, mark);
      });
    }
    return found;
  }

  /** Undefined where the database didn't answer. */
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

/** The row at the head came with the head; any before it is looked up. */
function isBehindHead(row: KnownRow, heads: LogHeads['heads'], feed: Feed): boolean {
  return row.mark !== undefined && row.offset < (heads.get(feed.targetId)?.head ?? 0);
}
