import type { HintSubscriber } from '@postline/message-bus';
import { decodeEnvelope, isGroupId } from '@postline/protocol';
import { Feed, type FeedOptions } from './feed.ts';
import type { TurnEnd } from './fan-out.ts';
import type { HeadReader } from './head-reader.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';

/** A client that reconnects within this time finds its feed still open. */
const UNUSED_FEED_KEPT_MS = 5_000;

interface Entry {
  readonly feed: Feed;
  /** While the bus is subscribing: settled once it confirmed the subscription, or failed. */
  subscribed: Promise<void> | undefined;
  /** Connections that use it or are about to. */
  users: number;
}

export interface FeedDirectoryOptions {
  readonly subscriber: Pick<HintSubscriber, 'subscribe' | 'unsubscribe'>;
  readonly heads: Pick<HeadReader, 'read'>;
  readonly counters: RelayCounters;
  readonly turn: TurnEnd;
  readonly history: FeedOptions['history'];
  readonly onSuspicion: FeedOptions['onSuspicion'];
}

/** The open feeds, one for each target that is followed on this relay. */
export class FeedDirectory {
  readonly #options: FeedDirectoryOptions;
  readonly #entries = new Map<string, Entry>();
  /** Since when feeds have no users, by target; the longest unused first. */
  readonly #unusedSince = new Map<string, number>();
  #groupCount = 0;

  constructor(options: FeedDirectoryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How many of them are of groups. */
  get groupCount(): number {
    return this.#groupCount;
  }

  /** Every open feed. */
  feeds(): Feed[] {
    return Array.from(this.#entries.values(), (entry) => entry.feed);
  }

  /**
   * The feeds of targets, subscribed on the bus before they are returned, so that heads read afterwards miss nothing.
   * While the bus is away, the comparison of heads takes its place. Match each feed by one `release`.
   */
  async acquireAll(targetIds: readonly string[]): Promise<Feed[]> {
    const entries = targetIds.map((targetId) => this.#entries.get(targetId) ?? this.#add(targetId));
    const pending: Promise<void>[] = [];
    for (const entry of entries) {
      entry.users += 1;
      if (entry.subscribed !== undefined) pending.push(entry.subscribed);
      if (this.#unusedSince.size > 0) this.#unusedSince.delete(entry.feed.targetId);
    }
    await Promise.all(pending);
    return entries.map(({ feed }) => feed);
  }

  /** Ends one use of a feed. A feed without users stays open for a while. */
  release({ targetId }: Feed): void {
    const entry = this.#entries.get(targetId);
    if (entry === undefined || entry.users === 0) throw new Error('a feed was released twice');
    entry.users -= 1;
    if (entry.users === 0) this.#unusedSince.set(targetId, performance.now());
  }

  /** Closes feeds that have been unused for a while. To be called now and then. */
  closeUnused(): void {
    const before = performance.now() - UNUSED_FEED_KEPT_MS;
    for (const [targetId, unusedSince] of this.#unusedSince) {
      if (unusedSince > before) return;
      this.#unusedSince.delete(targetId);
      this.#entries.get(targetId)?.feed.close();
      this.#entries.delete(targetId);
      if (isGroupId(targetId)) this.#groupCount -= 1;
      this.#options.subscriber.unsubscribe(targetId);
    }
  }

  /** A payload arrived on the channel of a target. */
  onHint(targetId: string, payload: string): void {
    const feed = this.#entries.get(targetId)?.feed;
    if (feed === undefined) return;
    const envelope = decodeEnvelope(targetId, payload);
    if (envelope === undefined) {
      feed.onForeignHint();
    } else {
      this.#options.counters.recorder?.onHint(targetId, envelope.offset);
      feed.onHint(envelope);
    }
  }

  #add(targetId: string): Entry {
    const { subscriber, ...options } = this.#options;
    const feed = new Feed({ targetId, ...options });
    const entry: Entry = { feed, subscribed: undefined, users: 0 };
    const settle = () => {
      entry.subscribed = undefined;
    };
    // If the bus is away, it subscribes when it is back; until then heads are compared more often.
    entry.subscribed = subscriber.subscribe(targetId).then(settle, settle);
    this.#entries.set(targetId, entry);
    if (isGroupId(targetId)) this.#groupCount += 1;
    return entry;
  }
}
