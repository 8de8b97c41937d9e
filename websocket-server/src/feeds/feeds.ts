import type { HintSubscriber, MessageBus } from '@postline/message-bus';
import type { MessageStore } from '@postline/message-store';
import { DISCONNECTS_CHANNEL_NAME } from '@postline/protocol';
import type { Logger } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';
import type { TurnEnd } from './fan-out.ts';
import { FeedDirectory } from './feed-directory.ts';
import { HeadComparison } from './head-comparison.ts';
import { HeadReader } from './head-reader.ts';
import { HintWatch } from './hint-watch.ts';
import { LogHistory } from './log-history.ts';
import { LogReader } from '../following/log-reader.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import type { RelayHealth } from '../metrics/relay-health.ts';
import { StartReader } from '../identifying/start-reader.ts';

const LOST_HINTS_KEY = 'hints-lost';
const LOST_HINTS_WARNING =
  'Redis answers, and yet comparison after comparison finds messages of which no hint came: an API does not reach Redis, or another one than this relay. Messages arrive with the comparison of heads.';

export interface DeliveryParts {
  readonly store: Pick<
    MessageStore,
    'readHeads' | 'readMarks' | 'readLog' | 'readStreamStarts' | 'settleHistory'
  >;
  readonly bus: Pick<MessageBus, 'createSubscriber'>;
  readonly settings: Pick<
    RelaySettings,
    'backlogReadsMax' | 'compareIntervalMs' | 'compareIntervalWithoutBusMs'
  >;
  readonly counters: RelayCounters;
  readonly turn: TurnEnd;
  readonly health: Pick<RelayHealth, 'bus' | 'databaseActivity' | 'readiness'>;
  readonly logger: Logger;
  /** Clients may have been disconnected: told by the bus, and at every comparison, as hints are lost at times. */
  readonly lookForDisconnects?: () => void;
}

/** What connections follow: the feeds, moved by the bus and by the database, and what reads the database for them. */
export interface Delivery {
  readonly feeds: FeedDirectory;
  readonly heads: HeadReader;
  readonly starts: StartReader;
  readonly logReader: LogReader;
  /** No hint and no comparison any more. */
  close(): Promise<void>;
}

/** Starts to take hints and to compare heads. */
export function startDelivery(parts: DeliveryParts): Delivery {
  const { store, bus, settings, counters, turn, health, logger, lookForDisconnects } = parts;
  const heads = new HeadReader(store);
  const starts = new StartReader(store);
  const history = new LogHistory({
    store,
    counters,
    logger,
    warnings: health.readiness,
    onSettled: () => {
      comparison.now();
    },
  });
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
  const feeds = new FeedDirectory({
    subscriber,
    heads,
    counters,
    turn,
    history,
    onSuspicion: (feed) => {
      comparison.suspect(feed);
    },
  });
  const hintWatch = createHintWatch(counters, subscriber, health.readiness);
  const comparison = new HeadComparison({
    store,
    feeds,
    counters,
    history,
    intervalMs: settings.compareIntervalMs,
    intervalWithoutBusMs: settings.compareIntervalWithoutBusMs,
    isBusUp: () => subscriber.state === 'up',
    onRound: lookForDisconnects,
    onRoundEnd: () => {
      hintWatch.onRoundEnd();
    },
    activity: health.databaseActivity('Comparing heads'),
  });
  if (lookForDisconnects !== undefined) {
    subscriber.subscribe(DISCONNECTS_CHANNEL_NAME).catch(() => undefined); // made with the bus's recovery
  }
  return {
    feeds,
    heads,
    starts,
    logReader,
    close: async () => {
      comparison.stop();
      history.close();
      await subscriber.close();
    },
  };
}

function createHintWatch(
  counters: RelayCounters,
  subscriber: HintSubscriber,
  readiness: RelayHealth['readiness'],
): HintWatch {
  return new HintWatch({
    counters,
    isBusUp: () => subscriber.state === 'up',
    renew: () => {
      subscriber.renew();
    },
    onLost: () => {
      readiness.setWarning(LOST_HINTS_KEY, LOST_HINTS_WARNING);
    },
    onFlowing: () => {
      readiness.clearWarning(LOST_HINTS_KEY);
    },
  });
}
