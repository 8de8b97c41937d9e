import type { HintSubscriber, MessageBus } from '@postline/message-bus';
import type { MessageStore } from '@postline/message-store';
import { DISCONNECTS_CHANNEL_NAME } from '@postline/protocol';
import type { RelaySettings } from './configuration.ts';
import type { TurnEnd } from './fan-out.ts';
import { FeedDirectory } from './feed-directory.ts';
import { HeadComparison } from './head-comparison.ts';
import { HeadReader } from './head-reader.ts';
import { LogReader } from './log-reader.ts';
import type { RelayCounters } from './relay-counters.ts';
import type { RelayHealth } from './relay-health.ts';

export interface DeliveryParts {
  readonly store: Pick<MessageStore, 'readHeads' | 'readLog'>;
  readonly bus: Pick<MessageBus, 'createSubscriber'>;
  readonly settings: Pick<
    RelaySettings,
    'backlogReadsMax' | 'compareIntervalMs' | 'compareIntervalWithoutBusMs'
  >;
  readonly counters: RelayCounters;
  readonly turn: TurnEnd;
  readonly health: Pick<RelayHealth, 'bus' | 'databaseActivity'>;
  /** Clients may have been disconnected: told by the bus, and at every comparison, as hints are lost at times. */
  readonly lookForDisconnects?: () => void;
}

/** What connections follow: the feeds, moved by the bus and by the database, and what reads the database for them. */
export interface Delivery {
  readonly feeds: FeedDirectory;
  readonly heads: HeadReader;
  readonly logReader: LogReader;
  /** No hint and no comparison any more. */
  close(): Promise<void>;
}

/** Starts to take hints and to compare heads. */
export function startDelivery(parts: DeliveryParts): Delivery {
  const { store, bus, settings, counters, turn, health, lookForDisconnects } = parts;
  const heads = new HeadReader(store);
  const logReader = new LogReader({ store, counters, parallelReads: settings.backlogReadsMax });
  const subscriber: HintSubscriber = bus.createSubscriber({
    onHint: (targetId, payload) => {
      if (targetId === DISCONNECTS_CHANNEL_NAME) lookForDisconnects?.();
      else feeds.onHint(targetId, payload);
    },
    onState: (state) => {
      if (state === 'up') health.bus.worked();
      comparison.now();
    },
    onFault: (error) => {
      health.bus.failed(error);
    },
  });
  const feeds = new FeedDirectory({ subscriber, heads, counters, turn });
  const comparison = new HeadComparison({
    store,
    feeds,
    counters,
    intervalMs: settings.compareIntervalMs,
    intervalWithoutBusMs: settings.compareIntervalWithoutBusMs,
    isBusUp: () => subscriber.state === 'up',
    onRound: lookForDisconnects,
    activity: health.databaseActivity('Comparing heads'),
  });
  if (lookForDisconnects !== undefined) {
    subscriber.subscribe(DISCONNECTS_CHANNEL_NAME).catch(() => undefined); // made with the bus's recovery
  }
  return {
    feeds,
    heads,
    logReader,
    close: async () => {
      comparison.stop();
      await subscriber.close();
    },
  };
}
