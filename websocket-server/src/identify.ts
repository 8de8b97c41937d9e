import { setTimeout as sleep } from 'node:timers/promises';
import { encodeRelayFrame, type FollowedTarget, type IdentifyFrame } from '@postline/protocol';
import type { Connection } from './connection.ts';
import type { Feed } from './feed.ts';
import type { FeedDirectory } from './feed-directory.ts';
import { Follower } from './follower.ts';
import type { HeadReader, HeadReading } from './head-reader.ts';
import type { LogReader } from './log-reader.ts';
import type { RelayCounters } from './relay-counters.ts';
import { startingPoint } from './starting-point.ts';

/** Between two tries while the database is away; with it back, a waiting client goes on within this time. */
const RETRY_MS = 500;

export interface IdentifyOptions {
  readonly feeds: FeedDirectory;
  readonly heads: HeadReader;
  readonly logReader: LogReader;
  readonly counters: RelayCounters;
  readonly heartbeatSeconds: number;
}

/**
 * Lets a connection follow its client's log: open the feed, read the head from the database, decide where the stream
 * goes on, say so, go. Waits while the database is away; ends early where the socket does.
 */
export async function identify(
  connection: Connection,
  frame: IdentifyFrame,
  options: IdentifyOptions,
): Promise<void> {
  const feed = await options.feeds.acquire(frame.clientId);
  try {
    const reading = await readHeadPatiently(connection, feed, options.heads);
    if (reading === undefined) options.feeds.release(feed);
    else startFollowing({ connection, frame, feed, reading, options });
  } catch (error) {
    options.feeds.release(feed);
    throw error;
  }
}

interface FollowingParts {
  readonly connection: Connection;
  readonly frame: IdentifyFrame;
  readonly feed: Feed;
  readonly reading: HeadReading;
  readonly options: IdentifyOptions;
}

function startFollowing({ connection, frame, feed, reading, options }: FollowingParts): void {
  const { logReader, counters, heartbeatSeconds, feeds } = options;
  const start: FollowedTarget = startingPoint(reading, feed.targetId, frame.resume);
  const follower = new Follower({
    feed,
    socket: connection.socket,
    logReader,
    counters,
    cursor: start.offset,
    onLeave: () => feeds.release(feed),
  });
  const identified = encodeRelayFrame({
    type: 'identified',
    clientId: frame.clientId,
    connectionId: connection.id,
    epoch: reading.epoch,
    heartbeatSeconds,
    targets: new Map([[feed.targetId, start]]),
  });
  connection.startFollowing({ clientId: frame.clientId, followers: [follower], identified });
}

/** The head as read after the frame came, in the log that the feed is in; `undefined` where the socket has closed. */
async function readHeadPatiently(
  connection: Connection,
  feed: Feed,
  heads: HeadReader,
): Promise<HeadReading | undefined> {
  while (isWaiting(connection)) {
    const reading = await readHeadOnce(feed, heads);
    if (!isWaiting(connection)) return undefined;
    if (reading?.epoch === feed.epoch) return reading;
    if (reading === undefined) await sleep(RETRY_MS);
  }
  return undefined;
}

function isWaiting(connection: Connection): boolean {
  return connection.state === 'identifying';
}

async function readHeadOnce(feed: Feed, heads: HeadReader): Promise<HeadReading | undefined> {
  const known = feed.knownPosition;
  try {
    const reading = await heads.read(feed.targetId);
    feed.onReading(reading, known);
    return reading;
  } catch {
    return undefined; // the database is away: the caller tries again
  }
}
