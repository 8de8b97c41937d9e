import type { RowMark } from '@postline/protocol';
import { createLogger } from '@postline/service-runtime';
import { AckWriter } from '../../src/acks/ack-writer.ts';
import type { ConnectionHost } from '../../src/connection/connection.ts';
import { startDelivery } from '../../src/feeds/feeds.ts';
import { DeviceOpener } from '../../src/identifying/device-opener.ts';
import { identify } from '../../src/identifying/identify.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { WriteTurn } from '../../src/socket/write-turn.ts';
import { ModelBus } from './model-bus.ts';
import { connectionOn } from './model-host.ts';
import { ModelStore } from './model-store.ts';
import { NEVER_DISCONNECTED } from './never-disconnected.ts';
import { quietHealth } from './quiet-health.ts';
import { TEST_SETTINGS } from './relay-settings.ts';

/** How a client may say where it stopped. */
type ResumeOf1 =
  | 'last-ack'
  | {
      readonly epoch: string;
      readonly offsets: Readonly<Record<string, number>>;
      readonly at?: Readonly<Record<string, RowMark>>;
    };

/** Everything that identifying takes, on a modelled store and bus. */
export function createIdentifyWorld() {
  const store = new ModelStore();
  const bus = new ModelBus();
  const failures: unknown[] = [];
  const counters = new RelayCounters();
  const logger = createLogger({ service: 'test', level: 'silent' });
  const health = quietHealth();
  const storing = health.databaseActivity('Storing acks');
  const delivery = startDelivery({
    store,
    bus,
    settings: TEST_SETTINGS,
    counters,
    turn: new WriteTurn(),
    health,
    logger,
  });
  const acks = new AckWriter({ store, counters, logger, storing, intervalMs: 250, waitingMax: 100 });
  const options = {
    ...delivery,
    acks,
    devices: new DeviceOpener(store),
    disconnects: NEVER_DISCONNECTED,
    counters,
    heartbeatSeconds: 25,
  };
  const host: ConnectionHost = {
    incomingBounds: { framesMax: 100, bytesMax: 10_000 },
    acks,
    identify: (connection, frame) => {
      identify(connection, { frame, token: undefined }, options).catch((error: unknown) =>
        failures.push(error),
      );
    },
    renewToken: () => undefined,
    releaseFeed: (feed) => {
      delivery.feeds.release(feed);
    },
    forget: () => undefined,
    watchStalled: () => undefined,
  };

  /** A client that identifies as 1. */
  function connect(resume?: ResumeOf1, deviceId?: string) {
    const made = connectionOn(host);
    made.connection.onText(JSON.stringify({ type: 'identify', clientId: 1, deviceId, resume }));
    return made;
  }

  return { store, bus, delivery, failures, connect };
}
