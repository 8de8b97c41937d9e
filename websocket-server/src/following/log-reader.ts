import type { LogQuery, MessageStore } from '@postline/message-store';
import { FairSlots, pause } from '@postline/service-runtime';
import { type LogPage, logPageOf } from './log-page.ts';
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
  readonly store: Pick<MessageStore, 'readLog'>;
  readonly counters: RelayCounters;
  /** Reads at the same time; others wait for their turn. */
  readonly parallelReads: number;
}

/** The page that a follower wants. */
export type PageQuery = Pick<LogQuery, 'targetId' | 'afterOffset' | 'limit'>;

/** A page that is being read for a follower. */
export interface PageRead {
  /** Rejects with the store's error if the database does not answer. */
  readonly page: Promise<LogPage>;
  /** The follower does not want it any more. A read that no follower wants is not started. */
  abandon(): void;
}

interface SharedRead {
  readonly page: Promise<LogPage>;
  readonly abandoned: AbortController;
  readers: number;
}

/**
 * Reads pages of logs for all followers. At most `parallelReads` are under way; those that wait are served in turn by
 * the client that they are for, weighed by what was read for it, and a client that has had far more than the others is
 * paced. Followers that stand at the same place share one read,
 * charged to the client that asked first. What waits here is bounded by the number of followers: each asks for one page
 * at a time, and takes it back when it ends.
 */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #underWay = new Map<string, SharedRead>();
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
    const shared = this.#underWay.get(key) ?? this.#start(key, query, clientId);
    shared.readers += 1;
    return {
      page: shared.page,
      abandon: () => {
        shared.readers -= 1;
        if (shared.readers > 0) return;
        shared.abandoned.abort(new Error('no follower waits for this page'));
        this.#forget(key, shared);
      },
    };
  }

  #start(key: string, query: PageQuery, clientId: string): SharedRead {
    const abandoned = new AbortController();
    const page = this.#slots
      .use(clientId, () => this.#readInTurn(query, clientId), {
        signal: abandoned.signal,
        costOf: ({ cost }) => cost,
        restOf: ({ cost }) => pauseOf(this.#pace.pauseMs(clientId, cost)),
      })
      .finally(() => {
        this.#forget(key, shared);
      });
    const shared: SharedRead = { page, abandoned, readers: 0 };
    this.#underWay.set(key, shared);
    return shared;
  }

  #forget(key: string, shared: SharedRead): void {
    if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
  }

  /** One page per turn of the event loop: else a store that answers at once would fill one client's socket first. */
  async #readInTurn(query: PageQuery, clientId: string): Promise<LogPage> {
    if (this.#servedInTurn.has(clientId)) await new Promise(setImmediate);
    const page = await this.#read(query);
    if (this.#servedInTurn.size === 0) {
      setImmediate(() => {
        this.#servedInTurn.clear();
      });
    }
    this.#servedInTurn.add(clientId);
    return page;
  }

  async #read(query: PageQuery): Promise<LogPage> {
    this.#options.counters.logPagesRead += 1;
    return logPageOf(await this.#options.store.readLog({ ...query, bytesMax: PAGE_BYTES_MAX }));
  }
}

function pauseOf(milliseconds: number): Promise<unknown> | undefined {
  return milliseconds > 0 ? pause(milliseconds) : undefined;
}
