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
  readonly feeds: Pick<FeedDirectory, 'acquireAll' | 'release'>;
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
    const acquired = await feeds.acquireAll(targets.map(({ targetId }) => targetId));
    const opened = await this.#readStarts(acquired, targets, opening);
    if (opened === undefined) for (const feed of acquired) feeds.release(feed);
    return opened;
  }

  /** Releases the feeds of starts that nobody uses. */
  close({ starts }: OpenedTargets): void {
    for (const { feed } of starts) this.#options.feeds.release(feed);
  }

  async #readStarts(
    feeds: readonly Feed[],
    targets: readonly WantedTarget[],
    opening: Opening,
  ): Promise<OpenedTargets | undefined> {
    for (;;) {
      const reads: Promise<TargetStart | undefined>[] = [];
      for (const [index, feed] of feeds.entries()) {
        const target = targets[index];
        if (target !== undefined) reads.push(this.#readStart(feed, target, opening));
      }
      const found = await Promise.all(reads);
      const starts = found.filter((start) => start !== undefined);
      const epoch = starts[0]?.epoch;
      if (epoch === undefined || starts.length < feeds.length || !opening.isWanted()) return undefined;
      if (starts.every((start) => start.epoch === epoch && start.feed.epoch === epoch))
        return { epoch, starts };
      await pause(DOUBT_PAUSE_MS); // a new epoch began while the starts were read
    }
  }

  /**
   * Decided by what was read after the frame arrived. Only a new connection to the database may reject a cursor: an old
   * one may lead to a server that was left behind in a failover. A client may be in a thousand groups, so the ordinary
   * case is one await.
   */
  async #readStart(feed: Feed, target: WantedTarget, opening: Opening): Promise<TargetStart | undefined> {
    while (opening.isWanted()) {
      const known = feed.position;
      let reading: HeadReading;
      try {
        reading = await this.#options.heads.read(feed.targetId);
      } catch {
        await pause(RETRY_MS);
        continue;
      }
      if (!feed.onReading(reading, known)) {
        await pause(DOUBT_PAUSE_MS);
      } else if (reading.epoch === feed.epoch) {
        const log = dependsOnMore(target, reading) ? await this.#readLog(reading, target, opening) : reading;
        if (log === undefined) return undefined;
        const start = startingPoint(log, target);
        if (start.recovered) return startOf(feed, start);
        const sureStart = await this.#readSureStart(feed, target, opening);
        if (sureStart !== undefined) return sureStart;
      }
    }
    return undefined;
  }

  /** Undefined if the answer cannot be trusted yet. */
  async #readSureStart(
    feed: Feed,
    target: WantedTarget,
    { isWanted }: Opening,
  ): Promise<TargetStart | undefined> {
    const known = feed.position;
    const sure = await readPatiently(() => this.#options.starts.readStart(cursorOf(target)), isWanted);
    if (sure === undefined) return undefined;
    const isBelieved = feed.onReading({ epoch: sure.epoch, head: sure.head, epochStart: 0 }, known);
    if (isBelieved && sure.epoch === feed.epoch) {
      const start =
        target.position.kind === 'cursor'
          ? boundStart(sure, target.from)
          : { ...sure, offset: target.from ?? sure.head };
      return startOf(feed, start);
    }
    await pause(RETRY_MS);
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
    const { offset } = position.cursor;
    if (offset === reading.head && reading.mark !== undefined)
      return { ...reading, rowAtCursor: reading.mark };
    const read = async () => ({ row: await starts.readRow(position.cursor) });
    const found = await readPatiently(read, isWanted);
    return found && { ...reading, rowAtCursor: found.row };
  }
}

/** Whether the head alone does not decide where the reader starts. */
function dependsOnMore({ position }: WantedTarget, { head }: HeadReading): boolean {
  if (position.kind === 'start') return true;
  return position.kind === 'cursor' && position.cursor.mark !== undefined && position.cursor.offset <= head;
}

/** Without a spread, which is slow for a hundred thousand of them. */
function startOf(feed: Feed, { epoch, head, offset, recovered }: StreamStart): TargetStart {
  return { feed, epoch, head, offset, recovered };
}

/** A reader that resumes without a cursor for this target still says which epoch it knows. */
function cursorOf({ targetId, position }: WantedTarget) {
  if (position.kind === 'cursor') return position.cursor;
  const epoch = position.kind === 'no-cursor' ? position.epoch : undefined;
  return { targetId, offset: 0, epoch, mark: undefined };
}
