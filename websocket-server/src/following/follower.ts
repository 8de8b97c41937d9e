import { holeBefore, type LogHole } from '@postline/message-store';
import { CLOSE_CODES, type CloseCode, encodeRelayFrame, FRAME_ERRORS } from '@postline/protocol';
import type { FeedFollower } from '../feeds/fan-out.ts';
import type { Feed } from '../feeds/feed.ts';
import type { FeedDirectory } from '../feeds/feed-directory.ts';
import type { RecordedReader, RecordedRun } from '../metrics/delivery-recorder.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import type { LogPage } from './log-page.ts';
import { type LogReader, PAGE_BYTES_MAX, type PageRead } from './log-reader.ts';

/** The first page of a log that was not read before: read in a millisecond, and enough for most short absences. */
const FIRST_PAGE_ROWS = 64;
/** A page of more rows saves nothing: by then the rows themselves take most of the read. */
const PAGE_ROWS_MAX = 256;

const LOG_RESTARTED_TEXT = encodeRelayFrame({
  type: 'error',
  code: 'log_restarted',
  message: FRAME_ERRORS.log_restarted,
});

/** What a follower needs of the transport that it sends on. */
export interface FollowerSocket {
  /** False from the moment that the socket's buffer is full until it is empty again, and once it is being closed. */
  isWritable(): boolean;
  /** Bytes that fit before the buffer is full. A text that is larger may be sent, but should be the only one. */
  roomBytes(): number;
  /** Sends one text frame, together with all others of this turn of the event loop. Never throws or waits. */
  send(text: string): void;
  /** Sends texts that many sockets get; the sockets share the bytes of the same list. */
  sendShared(texts: readonly string[]): void;
  /** Sends several text frames in one write to the network. */
  sendAll(texts: readonly string[]): void;
  /** Sends the reason and closes; sends nothing after it. A peer that does not answer is dropped soon after. */
  close(code: CloseCode, reason: string): void;
}

export interface FollowerOptions {
  readonly feed: Feed;
  /** Gets the feed back when the follower leaves. */
  readonly feeds: Pick<FeedDirectory, 'release'>;
  readonly socket: FollowerSocket;
  readonly logReader: LogReader;
  readonly counters: RelayCounters;
  /** The connection of the reader; its reads are charged to its client. */
  readonly reader: RecordedReader;
  /** The last offset that the reader has; the first message sent is the next one. */
  readonly cursor: number;
}

/**
 * One connection's place in one target's log: a cursor that chases the feed's head. It only ever sends cursor + 1: a
 * hint with that offset goes out at once, everything else is read from the log.
 */
export class Follower implements FeedFollower {
  readonly feed: Feed;
  /** The highest offset that the client has acked here; -1 before its first ack. */
  acked = -1;
  readonly #feeds: Pick<FeedDirectory, 'release'>;
  readonly #socket: FollowerSocket;
  readonly #logReader: LogReader;
  readonly #counters: RelayCounters;
  readonly #reader: RecordedReader;
  /** The page that is being read, if any. */
  #pageRead: PageRead | undefined;
  #cursor: number;
  #pageRows: number;
  /** Later messages came while the client was connected. */
  #headAtJoin = Infinity;
  #state: 'waiting' | 'reading' | 'left' = 'waiting';

  constructor(options: FollowerOptions) {
    this.feed = options.feed;
    this.#feeds = options.feeds;
    this.#socket = options.socket;
    this.#logReader = options.logReader;
    this.#counters = options.counters;
    this.#reader = options.reader;
    this.#cursor = options.cursor;
    this.#pageRows = options.feed.pageRows ?? FIRST_PAGE_ROWS;
  }

  /** The last offset that was sent. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Starts sending: new messages as they come, earlier ones from the log. */
  join(): void {
    this.#headAtJoin = this.feed.head;
    this.feed.addFollower(this);
    this.chase();
  }

  /** Sends nothing more, and releases the feed. Does nothing the second time. */
  leave(): void {
    if (this.#state === 'left') return;
    this.#state = 'left';
    this.#pageRead?.abandon();
    this.#pageRead = undefined;
    this.feed.removeFollower(this);
    this.#feeds.release(this.feed);
  }

  /** The feed's next frame: sent if it is next for this reader too, else the log is read. */
  onFrame(offset: number, text: string): boolean {
    if (!this.#takes(offset)) {
      this.chase();
      return false;
    }
    this.#socket.send(text);
    this.#cursor = offset;
    this.#counters.messagesSent += 1;
    this.#record(offset, 'hint');
    return true;
  }

  onFrames(first: number, texts: readonly string[]): boolean {
    if (!this.#takes(first)) {
      this.chase();
      return false;
    }
    this.#socket.sendShared(texts);
    this.#cursor = first + texts.length - 1;
    this.#counters.messagesSent += texts.length;
    this.#record(first, 'hint');
    return true;
  }

  /** Reads the log up to the head, unless it already does or the socket is full. */
  chase(): void {
    if (this.#state === 'waiting' && this.#mayRead()) void this.#readToHead();
  }

  /** The cursor belongs to a log that was replaced: closes, so that the client resumes and learns of it. */
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

  /** Undefined if the database does not answer; the comparison of heads resumes this follower when it does. */
  async #readPage(): Promise<LogPage | undefined> {
    const query = { targetId: this.feed.targetId, afterOffset: this.#cursor, limit: this.#pageRows };
    const read = this.#logReader.readPage(query, this.#reader.clientId ?? '');
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

  /** Sends as much as the socket takes; false if there was nothing to send, although the feed's head is ahead. */
  #sendPage(page: LogPage): boolean {
    const texts: string[] = [];
    const cursorBefore = this.#cursor;
    const room = this.#socket.roomBytes();
    let characters = 0;
    let rows = 0;
    for (const frame of page.frames) {
      if (rows > 0 && characters >= room) break;
      const hole = holeBefore(frame, page, this.#cursor);
      if (hole !== undefined) texts.push(this.#truncated(hole));
      texts.push(frame.text);
      characters += frame.text.length;
      rows += 1;
      this.#cursor = frame.offset;
    }
    const lastHole = rows === page.frames.length ? holeBefore(undefined, page, this.#cursor) : undefined;
    if (lastHole !== undefined) texts.push(this.#truncated(lastHole));
    this.#socket.sendAll(texts);
    this.#counters.messagesSent += rows;
    this.#countDelays(page, rows);
    if (rows > 0) this.#record(page.frames[0]?.offset ?? this.#cursor, 'log');
    this.#adaptPageRows({ rows, characters, room });
    if (this.#cursor > cursorBefore) return true;
    this.feed.askDatabase();
    return false;
  }

  /** Everything from an offset up to the cursor was sent together. */
  #record(first: number, by: RecordedRun['by']): void {
    const { recorder } = this.#counters;
    if (recorder === undefined) return;
    recorder.onSent(this.#reader, { targetId: this.feed.targetId, first, last: this.#cursor, by });
  }

  /** The first `rows` of a page were written. */
  #countDelays({ frames }: LogPage, rows: number): void {
    if (this.#cursor <= this.#headAtJoin) return;
    const nowMs = Date.now();
    for (const { offset, createdAt } of frames.slice(0, rows)) {
      if (offset > this.#headAtJoin) this.#counters.sendDelays.onRead(createdAt, nowMs);
    }
  }

  /** Moves the cursor past a hole, and returns the frame that reports it. */
  #truncated({ from, to }: LogHole): string {
    this.#cursor = to;
    this.#counters.truncationsSent += 1;
    return encodeRelayFrame({ type: 'truncated', targetId: this.feed.targetId, from, to });
  }

  /** Sizes the next page, also for later followers, so that little is read in vain if its rows are like these. */
  #adaptPageRows({ rows, characters, room }: { rows: number; characters: number; room: number }): void {
    if (rows === 0) return;
    const fits = Math.min(room, PAGE_BYTES_MAX);
    const rowsThatFit = Math.floor((fits * rows) / Math.max(characters, 1));
    this.#pageRows = Math.min(Math.max(rowsThatFit, 1), PAGE_ROWS_MAX);
    this.feed.pageRows = this.#pageRows;
  }
}
