import type { LogQuery, LogSlice, MessageStore } from '@postline/message-store';
import { encodeNewMessage } from '@postline/protocol';
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
  readonly #waiting: (() => void)[] = [];
  #turnsTaken = 0;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /**
   * A page as of some moment since its read was asked for, by this caller or by one who stands at the same place.
   * Rejects with the store's error where the database doesn't answer.
   */
  readPage(query: LogQuery): Promise<LogPage> {
    const key = `${query.targetId} ${query.afterOffset}`;
    const shared = this.#underWay.get(key);
    if (shared !== undefined) return shared;
    const page = this.#readInTurn(query).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, page);
    return page;
  }

  async #readInTurn(query: LogQuery): Promise<LogPage> {
    await this.#takeTurn();
    try {
      this.#options.counters.logPagesRead += 1;
      return encodePage(await this.#options.store.readLog(query), query.limit);
    } finally {
      this.#passTurnOn();
    }
  }

  async #takeTurn(): Promise<void> {
    if (this.#turnsTaken < this.#options.parallelReads) this.#turnsTaken += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Straight to whoever waits longest: a turn that was free in between could be taken by a newcomer. */
  #passTurnOn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#turnsTaken -= 1;
    else next();
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
