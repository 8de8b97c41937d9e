import type { EarlierLogQuery, LogQuery, MessageStore } from '@postline/message-store';
import { FairSlots, pause } from '@postline/service-runtime';
import { type HistoryPage, historyPageOf, type LogPage, logPageOf } from './log-page.ts';
import { ReadPace } from './read-pace.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';

/**
 * Bytes of messages in one page, as the database counts them. Encoding and writing them takes a millisecond or two, in which
 * no other client is served.
 */
export const PAGE_BYTES_MAX = 128 * 1024;

/**
 * One client may use a quarter of the parallel reads: two pages at a time already take all that one database connection
 * can deliver, and other clients find a free read at once.
 */
const READS_OF_ONE_CLIENT_SHARE = 1 / 4;

/** Bytes that a client may read in one turn; small beside a page, so that turns are even in bytes. */
const COST_BYTES_PER_TURN = 16 * 1024;

export interface LogReaderOptions {
  readonly store: Pick<MessageStore, 'readLog' | 'readEarlierLog'>;
  readonly counters: RelayCounters;
  /** Reads at the same time; others wait for their turn. */
  readonly parallelReads: number;
}

/** The page that a follower wants. */
export type PageQuery = Pick<LogQuery, 'targetId' | 'afterOffset' | 'limit'>;

/** The messages that a `history` frame wants. */
export type HistoryQuery = Pick<EarlierLogQuery, 'targetId' | 'beforeOffset' | 'afterOffset' | 'limit'>;

/** A page that is being read for a reader. */
export interface PageRead<Page = LogPage> {
  /** Rejects with the store's error if the database does not answer. */
  readonly page: Promise<Page>;
  /** The reader does not want it any more. A read that no reader wants is not started. */
  abandon(): void;
}

interface SharedRead<Page> {
  readonly page: Promise<Page>;
  readonly abandoned: AbortController;
  readers: number;
}

/** Reads under way, by what they read. */
type SharedReads<Page> = Map<string, SharedRead<Page>>;

/**
 * Reads pages of logs for all followers, and for `history` frames. At most `parallelReads` are under way; those that wait
 * are served in turn by the client that they are for, weighed by what was read for it, and a client that has had far more
 * than the others is paced. Readers that stand at the same place share one read, charged to the client that asked first.
 * What waits here is bounded by the number of followers and connections: each asks for one page at a time, and abandons it
 * when it ends.
 */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #underWay: SharedReads<LogPage> = new Map();
  readonly #historyUnderWay: SharedReads<HistoryPage> = new Map();
  readonly #slots: FairSlots;
  readonly #pace = new ReadPace();
  /** Clients that got a page in this turn of the event loop. */
  readonly #servedInTurn = new Set<string>();

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#slots = new FairSlots({
      slotsMax: options.parallelReads,
      slotsPerPayerMax: Math.max(1, Math.floor(options.parallelReads * READS_OF_ONE_CLIENT_SHARE)),
      costPerTurn: COST_BYTES_PER_TURN,
    });
  }

  /** Reads that wait for their turn. */
  get waiting(): number {
    return this.#slots.waiting;
  }

  /** A page as of some moment after the call, or after the call of another follower at the same place. */
  readPage(query: PageQuery, clientId: string): PageRead {
    const key = `${query.targetId} ${query.afterOffset}`;
    return this.#share(this.#underWay, key, clientId, () => this.#readPage(query));
  }

  /** The same for earlier messages; shared with those who ask for exactly the same. */
  readHistory(query: HistoryQuery, clientId: string): PageRead<HistoryPage> {
    const { targetId, beforeOffset = 'head', afterOffset = 0, limit } = query;
    const key = `${targetId} ${beforeOffset} ${afterOffset} ${limit}`;
    return this.#share(this.#historyUnderWay, key, clientId, () => this.#readHistory(query));
  }

  #share<Page extends { readonly cost: number }>(
    reads: SharedReads<Page>,
    key: string,
    clientId: string,
    read: () => Promise<Page>,
  ): PageRead<Page> {
    const shared = reads.get(key) ?? this.#start(reads, key, clientId, read);
    shared.readers += 1;
    return {
      page: shared.page,
      abandon: () => {
        shared.readers -= 1;
        if (shared.readers > 0) return;
        shared.abandoned.abort(new Error('no reader waits for this page'));
        forget(reads, key, shared);
      },
    };
  }

  #start<Page extends { readonly cost: number }>(
    reads: SharedReads<Page>,
    key: string,
    clientId: string,
    read: () => Promise<Page>,
  ): SharedRead<Page> {
    const abandoned = new AbortController();
    const page = this.#slots
      .use(clientId, () => this.#readInTurn(clientId, read), {
        signal: abandoned.signal,
        costOf: ({ cost }) => cost,
        restOf: ({ cost }) => pauseOf(this.#pace.pauseMs(clientId, cost)),
      })
      .finally(() => {
        forget(reads, key, shared);
      });
    const shared: SharedRead<Page> = { page, abandoned, readers: 0 };
    reads.set(key, shared);
    return shared;
  }

  /** One page per turn of the event loop: else a store that answers at once would fill one client's socket first. */
  async #readInTurn<Page>(clientId: string, read: () => Promise<Page>): Promise<Page> {
    if (this.#servedInTurn.has(clientId)) await new Promise(setImmediate);
    const page = await read();
    if (this.#servedInTurn.size === 0) {
      setImmediate(() => {
        this.#servedInTurn.clear();
      });
    }
    this.#servedInTurn.add(clientId);
    return page;
  }

  async #readPage(query: PageQuery): Promise<LogPage> {
    this.#options.counters.logPagesRead += 1;
    return logPageOf(await this.#options.store.readLog({ ...query, bytesMax: PAGE_BYTES_MAX }));
  }

  async #readHistory(query: HistoryQuery): Promise<HistoryPage> {
    this.#options.counters.logPagesRead += 1;
    return historyPageOf(await this.#options.store.readEarlierLog({ ...query, bytesMax: PAGE_BYTES_MAX }));
  }
}

function forget<Page>(reads: SharedReads<Page>, key: string, read: SharedRead<Page>): void {
  if (reads.get(key) === read) reads.delete(key);
}

function pauseOf(milliseconds: number): Promise<unknown> | undefined {
  return milliseconds > 0 ? pause(milliseconds) : undefined;
}
