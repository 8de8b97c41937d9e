import {
  encodeHistoryFrame,
  type FrameErrorCode,
  HISTORY_MESSAGES_DEFAULT,
  HISTORY_WAITING_MAX,
  type HistoryRequestFrame,
} from '@postline/protocol';
import { pause } from '@postline/service-runtime';
import { RETRY_MS } from '../feeds/read-patiently.ts';
import type { Follower, FollowerSocket } from './follower.ts';
import type { HistoryPage } from './log-page.ts';
import type { LogReader } from './log-reader.ts';

const IGNORE = () => undefined;

/** The connection whose requests are answered. */
export interface HistoryConnection {
  readonly socket: FollowerSocket;
  /** Undefined if the target is not followed. */
  followerOf(targetId: string): Pick<Follower, 'feed'> | undefined;
  /** The offset after which the client may read the target. */
  readableAfter(targetId: string): number;
  reportError(
    code: Extract<FrameErrorCode, 'not_followed' | 'too_many_requests'>,
    about: { readonly targetId: string; readonly requestId: string },
  ): void;
}

/**
 * Answers the `history` frames of one connection, one after the other, from the log; the followers know nothing of it.
 * While the socket is full or the database is away a request waits, and keeps no page meanwhile.
 */
export class HistoryRequests {
  readonly #connection: HistoryConnection;
  readonly #logReader: Pick<LogReader, 'readHistory'>;
  readonly #clientId: string;
  readonly #waiting: HistoryRequestFrame[] = [];
  /** The target of the request that is being answered. */
  #targetId: string | undefined;
  /** Lets the request that is being answered look again at once, whatever it waits for. */
  #wake: () => void = IGNORE;
  /** The same if it waits for the socket. */
  #drained: () => void = IGNORE;
  #state: 'not-following' | 'idle' | 'answering' | 'stopped' = 'not-following';

  constructor(
    connection: HistoryConnection,
    {
      logReader,
      clientId,
    }: { readonly logReader: Pick<LogReader, 'readHistory'>; readonly clientId: string },
  ) {
    this.#connection = connection;
    this.#logReader = logReader;
    this.#clientId = clientId;
  }

  onFrame(frame: HistoryRequestFrame): void {
    if (this.#waiting.length < HISTORY_WAITING_MAX) {
      this.#waiting.push(frame);
      this.#goOn();
    } else {
      const { requestId, targetId = this.#clientId } = frame;
      this.#connection.reportError('too_many_requests', { requestId, targetId });
    }
  }

  /** The connection has identified: from now on requests are answered. */
  onFollowing(): void {
    if (this.#state === 'not-following') this.#state = 'idle';
    this.#goOn();
  }

  /** The socket has drained. */
  onDrain(): void {
    this.#drained();
  }

  /** A target is not followed any more. */
  onUnfollowed(targetId: string): void {
    if (targetId === this.#targetId) this.#wake();
  }

  /** The connection has ended. */
  stop(): void {
    this.#state = 'stopped';
    this.#waiting.length = 0;
    this.#wake();
  }

  #goOn(): void {
    if (this.#state === 'idle') void this.#answerAll();
  }

  async #answerAll(): Promise<void> {
    this.#state = 'answering';
    for (let frame = this.#waiting.shift(); frame !== undefined; frame = this.#waiting.shift()) {
      const { targetId = this.#clientId } = frame;
      this.#targetId = targetId;
      await this.#answer({ ...frame, targetId });
    }
    this.#targetId = undefined;
    if (!this.#isStopped()) this.#state = 'idle';
  }

  async #answer(request: HistoryRequestFrame & { readonly targetId: string }): Promise<void> {
    const { socket } = this.#connection;
    const { requestId, targetId } = request;
    while (!this.#isStopped()) {
      const woken = new Promise<undefined>((resolve) => {
        this.#wake = () => {
          resolve(undefined);
        };
      });
      if (!socket.isWritable()) {
        this.#drained = this.#wake;
        await woken;
        this.#drained = IGNORE;
        continue;
      }
      const follower = this.#connection.followerOf(targetId);
      if (follower === undefined) {
        this.#connection.reportError('not_followed', { targetId, requestId });
        return;
      }
      const page = await this.#read(request, woken);
      if (this.#connection.followerOf(targetId) !== follower) continue;
      if (page === undefined || !isOfLog(page, follower)) {
        await Promise.race([woken, pause(RETRY_MS)]);
      } else if (socket.isWritable()) {
        this.#send(request, page);
        return;
      }
    }
  }

  /** Undefined if the database does not answer, or if nobody waits for the page any more. */
  async #read(
    {
      targetId,
      before,
      limit = HISTORY_MESSAGES_DEFAULT,
    }: HistoryRequestFrame & { readonly targetId: string },
    woken: Promise<undefined>,
  ): Promise<HistoryPage | undefined> {
    const afterOffset = this.#connection.readableAfter(targetId);
    const query = { targetId, beforeOffset: before, afterOffset, limit };
    const read = this.#logReader.readHistory(query, this.#clientId);
    try {
      return await Promise.race([read.page, woken]);
    } catch {
      return undefined;
    } finally {
      read.abandon();
    }
  }

  /** Sends the newest messages that the socket has room for, and at least one. */
  #send(
    { requestId, targetId }: HistoryRequestFrame & { readonly targetId: string },
    { entries, truncatedBefore }: HistoryPage,
  ): void {
    const { socket } = this.#connection;
    const room = socket.roomBytes();
    const texts: string[] = [];
    let characters = 0;
    for (const { text } of entries.toReversed()) {
      characters += text.length;
      if (texts.length > 0 && characters > room) break;
      texts.push(text);
    }
    const isWhole = texts.length === entries.length;
    const answer = { requestId, targetId, truncatedBefore: isWhole ? (truncatedBefore ?? null) : null };
    socket.sendAll([encodeHistoryFrame(answer, texts.reverse())]);
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}

/** False if the page is of another history than the connection's, or comes from a server that is behind. */
function isOfLog(page: HistoryPage, { feed }: Pick<Follower, 'feed'>): boolean {
  const isBehind = page.head < feed.head || (page.entries.length === 0 && page.hasMore);
  if (page.epoch === feed.epoch && !isBehind) return true;
  feed.askDatabase();
  return false;
}
