import type { StreamStart } from '@postline/message-store';
import { pause } from '@postline/service-runtime';
import type { Feed } from '../feeds/feed.ts';
import type { FeedDirectory } from '../feeds/feed-directory.ts';
import type { HeadReader, HeadReading } from '../feeds/head-reader.ts';
import { readPatiently, RETRY_MS } from '../feeds/read-patiently.ts';
import type { LogReader } from '../following/log-reader.ts';
import type { StartReader } from './start-reader.ts';
import { boundStart, type StartingLog, startingPoint, type WantedTarget } from './starting-point.ts';

/** Time for the server that takes the writes to say which history the logs are in. */
const DOUBT_PAUSE_MS = 100;

export interface TargetOpenerOptions {
  readonly feeds: Pick<FeedDirectory, 'acquire' | 'release'>;
  readonly heads: Pick<HeadReader, 'read'>;
  readonly starts: Pick<StartReader, 'readRow' | 'readStart'>;
  readonly logReader: Pick<LogReader, 'readPage'>;
}

/** Where the stream of one target starts. Its feed is acquired. */
export interface TargetStart extends StreamStart {
  readonly feed: Feed;
}

/** Starts of several targets, in one history and in the order of the targets. */
export interface OpenedTargets {
  readonly epoch: string;
  readonly starts: readonly TargetStart[];
}

/** Who wants targets opened. */
export interface Opening {
  /** Reads of logs are charged to this client. */
  readonly clientId: string;
  readonly isWanted: () => boolean;
}

/** Acquires the feeds of targets and finds where their streams start. The readers behind it share their statements. */
export class TargetOpener {
  readonly #options: TargetOpenerOptions;

  constructor(options: TargetOpenerOptions) {
    this.#options = options;
  }

  /** Waits while the database is away. Undefined, with nothing acquired, once `isWanted` says no. */
  async open(targets: readonly WantedTarget[], opening: Opening): Promise<OpenedTargets | undefined> {
    const { feeds } = this.#options;
    const acquired = await Promise.all(
      targets.map(async (target) => ({ target, feed: await feeds.acquire(target.targetId) })),
    );
    const opened = await this.#readStarts(acquired, opening);
    if (opened === undefined) for (const { feed } of acquired) feeds.release(feed);
    return opened;
  }

  /** Releases the feeds of starts that nobody uses. */
  close({ starts }: OpenedTargets): void {
    for (const { feed } of starts) this.#options.feeds.release(feed);
  }

  async #readStarts(
    acquired: readonly { readonly target: WantedTarget; readonly feed: Feed }[],
    opening: Opening,
  ): Promise<OpenedTargets | undefined> {
    for (;;) {
      const found = await Promise.all(
        acquired.map(({ target, feed }) => this.#readStart(feed, target, opening)),
      );
      const starts = found.filter((start) => start !== undefined);
      const epoch = starts[0]?.epoch;
      if (epoch === undefined || starts.length < acquired.length || !opening.isWanted()) return undefined;
      if (starts.every((start) => start.epoch === epoch && start.feed.epoch === epoch))
        return { epoch, starts };
      await pause(DOUBT_PAUSE_MS); // a new epoch began while the starts were read
    }
  }

  /**
   * Decided by what was read after the frame arrived. Only a new connection to the database may reject a cursor: an old
   * one may lead to a server that was left behind in a failover.
   */
  async #readStart(feed: Feed, target: WantedTarget, opening: Opening): Promise<TargetStart | undefined> {
    const { starts } = this.#options;
    const { position, from } = target;
    for (;;) {
      const reading = await this.#readHead(feed, opening.isWanted);
      if (reading === undefined) return undefined;
      const log = await this.#readLog(reading, target, opening);
      if (log === undefined) return undefined;
      const start = startingPoint(log, target);
      if (start.recovered) return { feed, ...start };

      const known = feed.position;
      const sure = await readPatiently(() => starts.readStart(cursorOf(target)), opening.isWanted);
      if (sure === undefined) return undefined;
      const isBelieved = feed.onReading({ epoch: sure.epoch, head: sure.head, epochStart: 0 }, known);
      if (isBelieved && sure.epoch === feed.epoch)
        return position.kind === 'cursor'
          ? { feed, ...boundStart(sure, from) }
          : { feed, ...sure, offset: from ?? sure.head };
      await pause(RETRY_MS);
    }
  }

  /** The head as read after the frame arrived, in the feed's own history. */
  async #readHead(feed: Feed, isWanted: () => boolean): Promise<HeadReading | undefined> {
    while (isWanted()) {
      const known = feed.position;
      const reading = await this.#options.heads.read(feed.targetId).catch(() => undefined);
      if (reading === undefined) {
        await pause(RETRY_MS);
      } else {
        const isBelieved = feed.onReading(reading, known);
        if (isBelieved && isWanted() && reading.epoch === feed.epoch) return reading;
        if (!isBelieved) await pause(DOUBT_PAUSE_MS);
      }
    }
    return undefined;
  }

  /** What else this reader's start depends on, beside the head: nothing, mostly. */
  async #readLog(
    reading: HeadReading,
    target: WantedTarget,
    { clientId, isWanted }: Opening,
  ): Promise<StartingLog | undefined> {
    const { starts, logReader } = this.#options;
    const { targetId, position, from = 0 } = target;
    if (position.kind === 'start') {
      const query = { targetId, afterOffset: from, limit: 1 };
      const page = await readPatiently(() => logReader.readPage(query, clientId).page, isWanted);
      return page && { ...reading, deletedUpTo: (page.frames[0]?.offset ?? page.head + 1) - 1 };
    }
    if (position.kind !== 'cursor') return reading;
    const { mark, offset } = position.cursor;
    if (mark === undefined || offset > reading.head) return reading;
    if (offset === reading.head && reading.mark !== undefined)
      return { ...reading, rowAtCursor: reading.mark };
    const read = async () => ({ row: await starts.readRow(position.cursor) });
    const found = await readPatiently(read, isWanted);
    return found && { ...reading, rowAtCursor: found.row };
  }
}

/** A reader that resumes without a cursor for this target still says which epoch it knows. */
function cursorOf({ targetId, position }: WantedTarget) {
  if (position.kind === 'cursor') return position.cursor;
  const epoch = position.kind === 'no-cursor' ? position.epoch : undefined;
  return { targetId, offset: 0, epoch, mark: undefined };
}
