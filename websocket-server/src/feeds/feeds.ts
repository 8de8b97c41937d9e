import type {
  BusState,
  BusUnavailableError,
  HintSubscriber,
  HintSubscriberEvents,
  MessageBus,
} from '@postline/message-bus';
import type { MessageStore } from '@postline/message-store';
import type { ControlChannel } from '@postline/protocol';
import type { Logger } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import type { RelayHealth } from '../metrics/relay-health.ts';
import type { TurnEnd } from './fan-out.ts';
import { FeedDirectory } from './feed-directory.ts';
import { HeadComparison } from './head-comparison.ts';
import { HeadReader } from './head-reader.ts';
import { HintWatch } from './hint-watch.ts';
import { LogHistory } from './log-history.ts';

const LOST_HINTS_KEY = 'hints-lost';
const LOST_HINTS_WARNING =
  'Redis answers, but again and again the comparison of heads finds messages whose hint never came: an API cannot reach Redis, or uses another Redis than this relay. Messages arrive with the comparison.';

/** State that is compared with the database together with the heads. */
interface ControlledState {
  /** The channel whose notices say that it changed. */
  readonly channel: ControlChannel;
  /** Reads what changed. */
  look(): void;
}

export interface FeedsParts {
  readonly store: Pick<MessageStore, 'readHeads' | 'readMarks' | 'settleHistory'>;
  readonly bus: Pick<MessageBus, 'createSubscriber'>;
  readonly settings: Pick<RelaySettings, 'compareIntervalMs' | 'compareIntervalWithoutBusMs'>;
  readonly counters: RelayCounters;
  readonly turn: TurnEnd;
  readonly health: Pick<RelayHealth, 'bus' | 'databaseActivity' | 'readiness'>;
  readonly logger: Logger;
  readonly controlled?: readonly ControlledState[];
}

/** The feeds that connections follow, and what moves them: hints from the bus, and comparisons with the database. */
export class Feeds implements HintSubscriberEvents {
  readonly directory: FeedDirectory;
  readonly heads: HeadReader;
  readonly #health: FeedsParts['health'];
  readonly #history: LogHistory;
  readonly #subscriber: HintSubscriber;
  readonly #hintWatch: HintWatch;
  readonly #comparison: HeadComparison;

  /** Subscribes, and starts to compare heads. */
  constructor({ store, bus, settings, counters, turn, health, logger, controlled = [] }: FeedsParts) {
    this.#health = health;
    this.heads = new HeadReader(store);
    this.#history = new LogHistory({
      store,
      counters,
      logger,
      warnings: health.readiness,
      onSettled: () => {
        this.#comparison.now();
      },
    });
    this.#subscriber = bus.createSubscriber(this);
    this.directory = new FeedDirectory({
      subscriber: this.#subscriber,
      heads: this.heads,
      counters,
      turn,
      history: this.#history,
      onSuspicion: (feed) => {
        this.#comparison.suspect(feed);
      },
    });
    this.#hintWatch = createHintWatch(counters, this.#subscriber, health.readiness);
    this.#comparison = new HeadComparison({
      store,
      feeds: this.directory,
      counters,
      intervalMs: settings.compareIntervalMs,
      intervalWithoutBusMs: settings.compareIntervalWithoutBusMs,
      isBusUp: () => this.#subscriber.state === 'up',
      onRound: () => {
        for (const state of controlled) state.look();
      },
      onRoundEnd: () => {
        this.#history.onRoundEnd();
        this.#hintWatch.onRoundEnd();
      },
      activity: health.databaseActivity('Comparing heads'),
    });
    for (const state of controlled) {
      const onNotice = () => {
        state.look();
      };
      this.#subscriber.listen(state.channel, onNotice).catch(() => undefined); // made when the bus is back
    }
  }

  onHint(targetId: string, payload: string): void {
    this.directory.onHint(targetId, payload);
  }

  onState(state: BusState): void {
    if (state === 'up') this.#health.bus.worked();
    this.#comparison.now();
  }

  onFault(error: BusUnavailableError): void {
    this.#health.bus.failed(error);
  }

  async close(): Promise<void> {
    this.#comparison.stop();
    this.#history.close();
    await this.#subscriber.close();
  }
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
