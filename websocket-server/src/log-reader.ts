import type { LogQuery, LogSlice, MessageStore } from '@postline/message-store';
import { encodeNewMessage } from '@postline/protocol';
import { Slots } from '@postline/service-runtime';
import type { RelayCounters } from './relay-counters.ts';

/** One message of a page, ready for the socket. */
interface LogFrame {
  readonly offset: number;
  readonly text: string;
}

/** A part of a target's log as frames; encoded once, whoever reads it. */
export interface LogPage {
  readonly epoch: string;
  readonly head: number;
  readonly frames: readonly LogFrame[];
  /** True where the page holds all that is left up to `head`: what is missing there was deleted. */
  readonly reachesHead: boolean;
}

export interface LogReaderOptions {
  readonly store: Pick<MessageStore, 'readLog'>;
  readonly counters: RelayCounters;
  /** Reads at the same time; further ones wait their turn. */
  readonly parallelReads: number;
}

/**
 * Reads pages of logs for all followers. At most `parallelReads` are under way; followers that stand at the same
 * place share one read. What waits here is bounded by the number of followers: each asks for one page at a time.
 */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #underWay = new Map<string, Promise<LogPage>>();
  readonly #slots: Slots;

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#slots = new Slots({ slotsMax: options.parallelReads });
  }

  /**
   * A page as of some moment since its read was asked for, by this caller or by one who stands at the same place.
   * Rejects with the store's error where the database doesn't answer.
   */
  readPage(query: LogQuery): Promise<LogPage> {
    const key = `${query.targetId} ${query.afterOffset}`;
    const shared = this.#underWay.get(key);
    if (shared !== undefined) return shared;
    const page = this.#slots.use(() => this.#read(query)).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, page);
    return page;
  }

  async #read(query: LogQuery): Promise<LogPage> {
    this.#options.counters.logPagesRead += 1;
    return encodePage(await this.#options.store.readLog(query), query.limit);
  }
}

function encodePage(slice: LogSlice, limit: number): LogPage {
  const { epoch, head, messages } = slice;
  const frames = messages.map(({ id, targetId, offset, message, createdAt }) => ({
    offset,
    text: encodeNewMessage({ id, targetId, offset, epoch, data: message, createdAt }),
  }));
  return { epoch, head, frames, reachesHead: messages.length < limit };
}
