import type { ReaderCursor, StreamStart } from '@postline/message-store';
import type { Resume, RowMark } from '@postline/protocol';
import { pause } from '@postline/service-runtime';
import type { AckWriter } from '../acks/ack-writer.ts';
import type { Feed } from '../feeds/feed.ts';
import type { FeedDirectory } from '../feeds/feed-directory.ts';
import type { HeadReader, HeadReading } from '../feeds/head-reader.ts';
import type { DeviceOpener } from './device-opener.ts';
import { readPatiently, RETRY_MS } from '../feeds/read-patiently.ts';
import type { StartReader } from './start-reader.ts';
import { cursorOf, startingPoint } from './starting-point.ts';

/** Time for the server that takes the writes to say which history the logs are in. */
const DOUBT_PAUSE_MS = 100;

export interface TargetOpenerOptions {
  readonly feeds: Pick<FeedDirectory, 'acquire' | 'release'>;
  readonly heads: Pick<HeadReader, 'read'>;
  readonly starts: Pick<StartReader, 'readRow' | 'readStart'>;
  readonly acks: Pick<AckWriter, 'saved'>;
  readonly devices: Pick<DeviceOpener, 'read'>;
}

/** The targets that a connection is about to follow, and the client's word on where it stopped. */
export interface OpenRequest {
  readonly clientId: string;
  readonly deviceId?: string | undefined;
  readonly resume?: Resume | 'last-ack' | undefined;
  readonly targetIds: readonly string[];
}

/** Where the stream of one target starts. Its feed is acquired. */
export interface TargetStart extends StreamStart {
  readonly feed: Feed;
}

/** Starts of several targets, in one history. */
export interface OpenedTargets {
  readonly epoch: string;
  readonly starts: readonly TargetStart[];
}

/** Acquires the feeds of targets and finds where their streams start. The readers behind it share their statements. */
export class TargetOpener {
  readonly #options: TargetOpenerOptions;

  constructor(options: TargetOpenerOptions) {
    this.#options = options;
  }

  /** Waits while the database is away. Undefined, with nothing acquired, once `isWanted` says no. */
  async open(request: OpenRequest, isWanted: () => boolean): Promise<OpenedTargets | undefined> {
    const { feeds } = this.#options;
    const acquired = await Promise.all(request.targetIds.map((targetId) => feeds.acquire(targetId)));
    const opened = await this.#readStarts(acquired, request, isWanted);
    if (opened === undefined) for (const feed of acquired) feeds.release(feed);
    return opened;
  }

  async #readStarts(
    feeds: readonly Feed[],
    request: OpenRequest,
    isWanted: () => boolean,
  ): Promise<OpenedTargets | undefined> {
    const resume = await this.#readResume(request, isWanted);
    for (;;) {
      const found = await Promise.all(feeds.map((feed) => this.#readStart(feed, resume, isWanted)));
      const starts = found.filter((start) => start !== undefined);
      const epoch = starts[0]?.epoch;
      if (epoch === undefined || starts.length < feeds.length || !isWanted()) return undefined;
      if (starts.every((start) => start.epoch === epoch && start.feed.epoch === epoch))
        return { epoch, starts };
      await pause(DOUBT_PAUSE_MS); // a new epoch began while the starts were read
    }
  }

  /** Where the reader stopped, by its own word or by its device's last ack, which is read before any head. */
  async #readResume(
    { clientId, deviceId, resume, targetIds }: OpenRequest,
    isWanted: () => boolean,
  ): Promise<Resume | undefined> {
    if (resume !== 'last-ack') return resume;
    if (deviceId === undefined) throw new Error('a last ack without a device'); // the frame was checked
    return readPatiently(() => this.#readLastAck({ clientId, deviceId, targetIds }), isWanted);
  }

  /** The last ack, also one that arrived here a moment ago. */
  async #readLastAck(opening: {
    readonly clientId: string;
    readonly deviceId: string;
    readonly targetIds: readonly string[];
  }): Promise<Resume | undefined> {
    const { acks, devices } = this.#options;
    await Promise.all(opening.targetIds.map((targetId) => acks.saved({ ...opening, targetId })));
    const positions = [...(await devices.read(opening))];
    const epoch = positions[0]?.[1].epoch;
    return epoch === undefined
      ? undefined
      : { epoch, offsets: new Map(positions.map(([targetId, { offset }]) => [targetId, offset])) };
  }

  /**
   * Decided by what was read after the frame arrived. Only a new connection to the database may reject a cursor: an old
   * one may lead to a server that was left behind in a failover.
   */
  async #readStart(
    feed: Feed,
    resume: Resume | undefined,
    isWanted: () => boolean,
  ): Promise<TargetStart | undefined> {
    const { starts } = this.#options;
    for (;;) {
      const reading = await this.#readHead(feed, isWanted);
      if (reading === undefined) return undefined;
      const row = await readPatiently(() => readRowAtCursor(feed, { reading, resume }, starts), isWanted);
      if (row === undefined) return undefined;
      const start = startingPoint(reading, feed.targetId, resume, row.at);
      if (start.recovered || resume === undefined) return { feed, ...start };

      const cursor = cursorOf(feed.targetId, resume);
      const known = feed.position;
      const sure = await readPatiently(() => starts.readStart(cursor ?? noCursor(feed, resume)), isWanted);
      if (sure === undefined) return undefined;
      const isBelieved = feed.onReading({ epoch: sure.epoch, head: sure.head, epochStart: 0 }, known);
      if (isBelieved && sure.epoch === feed.epoch)
        return { feed, ...sure, offset: cursor === undefined ? sure.head : sure.offset };
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
}

/** A reader that resumes without a cursor for this target still says which epoch it knows. */
function noCursor({ targetId }: Feed, { epoch }: Resume): ReaderCursor {
  return { targetId, offset: 0, epoch, mark: undefined };
}

/** The row to compare with the one that the reader has at its cursor. */
async function readRowAtCursor(
  feed: Feed,
  { reading, resume }: { readonly reading: HeadReading; readonly resume: Resume | undefined },
  starts: Pick<StartReader, 'readRow'>,
): Promise<{ readonly at: RowMark | undefined }> {
  const cursor = resume && cursorOf(feed.targetId, resume);
  if (cursor?.mark === undefined || cursor.offset > reading.head) return { at: undefined };
  if (cursor.offset === reading.head && reading.mark !== undefined) return { at: reading.mark };
  return { at: await starts.readRow(feed.targetId, cursor.offset) };
}
