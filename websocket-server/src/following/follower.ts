import { CLOSE_CODES, encodeRelayFrame, FRAME_ERRORS } from '@postline/protocol';
import type { ClientSocket } from '../connection/client-socket.ts';
import type { Feed } from '../feeds/feed.ts';
import type { FeedFollower } from '../feeds/feed-follower.ts';
import type { LogPage } from './log-page.ts';
import { type LogReader, PAGE_BYTES_MAX, type PageRead } from './log-reader.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';

/** The first page of a log of which nothing is known: read in a millisecond, and enough for most who were away. */
const FIRST_PAGE_ROWS = 64;
/** More rows than this in a page gain nothing: the read is then mostly the rows themselves. */
const PAGE_ROWS_MAX = 256;

const LOG_RESTARTED_TEXT = encodeRelayFrame({
  type: 'error',
  code: 'log_restarted',
  message: FRAME_ERRORS.log_restarted,
});

export interface FollowerOptions {
  readonly feed: Feed;
  readonly socket: ClientSocket;
  readonly logReader: LogReader;
  readonly counters: RelayCounters;
  /** Whose connection it is: what is read here is charged to it. */
  readonly clientId: string;
  /** The last offset that the reader has: the first one sent is the next. */
  readonly cursor: number;
}

/**
 * One connection's place in one target's log: a cursor that chases the feed's head. The only thing ever sent is
 * cursor + 1; a hint that is just that goes straight out, everything else is read from the log.
 */
export class Follower implements FeedFollower {
  readonly feed: Feed;
  /** The highest offset that the client has acked here; -1 before its first ack. */
  acked = -1;
  readonly #socket: ClientSocket;
  readonly #logReader: LogReader;
  readonly #counters: RelayCounters;
  readonly #clientId: string;
  /** The page that is waited for, while there is one. */
  #pageRead: PageRead | undefined;
  #cursor: number;
  #pageRows: number;
  #state: 'waiting' | 'reading' | 'left' = 'waiting';

  constructor(options: FollowerOptions) {
    this.feed = options.feed;
    this.#socket = options.socket;
    this.#logReader = options.logReader;
    this.#counters = options.counters;
    this.#clientId = options.clientId;
    this.#cursor = options.cursor;
    this.#pageRows = options.feed.pageRows ?? FIRST_PAGE_ROWS;
  }

  /** The last offset that was handed to the socket. */
  get cursor(): number {
    return this.#cursor;
  }

  /** From here on what is new is sent; what is behind the head already is read from the log. */
  join(): void {
    this.feed.addFollower(this);
    this.chase();
  }

  /** Nothing is sent any more. */
  leave(): void {
    this.#state = 'left';
    this.#pageRead?.abandon();
    this.#pageRead = undefined;
    this.feed.removeFollower(this);
  }

  /** The next frame of the feed: sent if it is the one that comes next here, else the log is read. */
  onFrame(offset: number, text: string): void {
    if (this.#takes(offset)) {
      this.#socket.send(text);
      this.#cursor = offset;
      this.#counters.messagesSent += 1;
    } else {
      this.chase();
    }
  }

  onFrames(first: number, texts: readonly string[]): void {
    if (this.#takes(first)) {
      this.#socket.sendShared(texts);
      this.#cursor = first + texts.length - 1;
      this.#counters.messagesSent += texts.length;
    } else {
      this.chase();
    }
  }

  /** Reads the log up to the head, unless it does so already or the socket takes nothing now. */
  chase(): void {
    if (this.#state === 'waiting' && this.#mayRead()) void this.#readToHead();
  }

  /** The log that this cursor belonged to is no more: the client is to resume and be told. */
  onRestart(): void {
    this.leave();
    if (this.#socket.isWritable()) this.#socket.send(LOG_RESTARTED_TEXT);
    this.#socket.close(CLOSE_CODES.logRestarted, FRAME_ERRORS.log_restarted);
  }

  #takes(offset: number): boolean {
    return this.#state === 'waiting' && this.#cursor === offset - 1 && this.#socket.isWritable();
  }

  async #readToHead(): Promise<void> {
    this.#state = 'reading';
    while (this.#mayRead()) {
      const page = await this.#readPage();
      if (this.#hasLeft()) return;
      if (page === undefined || !this.#socket.isWritable()) break;
      if (!this.#isOfThisLog(page) || !this.#sendPage(page)) break;
    }
    this.#state = 'waiting';
  }

  /** Undefined where the database doesn't answer: the comparison of heads starts this follower again when it does. */
  async #readPage(): Promise<LogPage | undefined> {
    const query = { targetId: this.feed.targetId, afterOffset: this.#cursor, limit: this.#pageRows };
    const read = this.#logReader.readPage(query, this.#clientId);
    this.#pageRead = read;
    try {
      return await read.page;
    } catch {
      return undefined;
    } finally {
      this.#pageRead = undefined;
    }
  }

  #mayRead(): boolean {
    return this.#cursor < this.feed.head && this.#socket.isWritable();
  }

  #hasLeft(): boolean {
    return this.#state === 'left';
  }

  #isOfThisLog(page: LogPage): boolean {
    if (page.epoch === this.feed.epoch) return true;
    this.feed.askDatabase();
    return false;
  }

  /** Sends what the socket takes; false where there was nothing to send, although the feed's head said so. */
  #sendPage(page: LogPage): boolean {
    const texts: string[] = [];
    const cursorBefore = this.#cursor;
    const room = this.#socket.roomBytes();
    let characters = 0;
    let rows = 0;
    for (const frame of page.frames) {
      if (rows > 0 && characters >= room) break;
      if (frame.offset > this.#cursor + 1) texts.push(this.#truncatedTo(frame.offset - 1));
      texts.push(frame.text);
      characters += frame.text.length;
      rows += 1;
      this.#cursor = frame.offset;
    }
    const isWhole = rows === page.frames.length && page.reachesHead;
    if (isWhole && this.#cursor < page.head) texts.push(this.#truncatedTo(page.head));
    this.#socket.sendAll(texts);
    this.#counters.messagesSent += rows;
    this.#adaptPageRows({ rows, characters, room });
    if (this.#cursor > cursorBefore) return true;
    this.feed.askDatabase();
    return false;
  }

  /** Tells of a hole and moves the cursor behind it. */
  #truncatedTo(to: number): string {
    const from = this.#cursor + 1;
    this.#cursor = to;
    this.#counters.truncationsSent += 1;
    return encodeRelayFrame({ type: 'truncated', targetId: this.feed.targetId, from, to });
  }

  /** So that little of the next page is read in vain, where it is like this one; also by those who come later. */
  #adaptPageRows({ rows, characters, room }: { rows: number; characters: number; room: number }): void {
    if (rows === 0) return;
    const fits = Math.min(room, PAGE_BYTES_MAX);
    const rowsThatFit = Math.floor((fits * rows) / Math.max(characters, 1));
    this.#pageRows = Math.min(Math.max(rowsThatFit, 1), PAGE_ROWS_MAX);
    this.feed.pageRows = this.#pageRows;
  }
}
