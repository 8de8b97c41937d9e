import { encodeRelayFrame } from '@postline/protocol';
import type { Feed } from '../feeds/feed.ts';
import type { FeedDirectory } from '../feeds/feed-directory.ts';
import type { RecordedReader } from '../metrics/delivery-recorder.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import { Follower, type FollowerSocket } from './follower.ts';
import type { LogReader } from './log-reader.ts';

export interface FollowerStarterOptions {
  readonly feeds: Pick<FeedDirectory, 'release'>;
  readonly logReader: LogReader;
  readonly counters: RelayCounters;
}

/** The connection that follows. */
export interface FollowingReader extends RecordedReader {
  readonly socket: FollowerSocket;
}

/** A follower that has not joined its feed yet. */
export interface StartedFollower {
  readonly follower: Follower;
  /** Frames to send before its first message. */
  readonly frames: readonly string[];
}

const NO_FRAMES: readonly string[] = [];

/** Creates followers where their readers' streams start. */
export class FollowerStarter {
  readonly #options: FollowerStarterOptions;

  constructor(options: FollowerStarterOptions) {
    this.#options = options;
  }

  /**
   * `from` is the offset after which a member's stream begins. A cursor below it is of an earlier membership: its reader
   * learns that it gets nothing of what is between.
   */
  start(
    { feed, offset }: { readonly feed: Feed; readonly offset: number },
    { reader, from = 0 }: { reader: FollowingReader; from?: number | undefined },
  ): StartedFollower {
    const { feeds, logReader, counters } = this.#options;
    const follower = new Follower({
      feed,
      feeds,
      socket: reader.socket,
      logReader,
      counters,
      reader,
      cursor: Math.max(offset, from),
    });
    if (offset >= from) return { follower, frames: NO_FRAMES };
    counters.truncationsSent += 1;
    const { targetId } = feed;
    const truncated = {
      type: 'truncated',
      targetId,
      from: offset + 1,
      to: from,
      reason: 'membership',
    } as const;
    return { follower, frames: [encodeRelayFrame(truncated)] };
  }

  /** Releases the feed of a start that is not wanted any more. */
  abandon({ feed }: { readonly feed: Feed }): void {
    this.#options.feeds.release(feed);
  }
}
