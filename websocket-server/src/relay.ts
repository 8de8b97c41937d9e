import { createServer, type IncomingMessage } from 'node:http';
import type { MessageBus } from '@postline/message-bus';
import type { MessageStore } from '@postline/message-store';
import {
  closeGracefully,
  HTTP_SERVER_OPTIONS,
  isHostAllowed,
  isOriginAllowed,
  listen,
  type ListenAddress,
  type Logger,
  Readiness,
} from '@postline/service-runtime';
import { AckWriter } from './ack-writer.ts';
import type { RelaySettings } from './configuration.ts';
import { ConnectionRegistry } from './connection-registry.ts';
import { startDelivery } from './delivery.ts';
import { DeviceOpener } from './device-opener.ts';
import { createHttpApplication } from './http/application.ts';
import { identify } from './identify.ts';
import { RelayCounters } from './relay-counters.ts';
import { createRelayMetrics } from './relay-metrics.ts';
import { attachSocketServer, type UpgradeRefusal } from './socket/socket-server.ts';

/** Requests for pages and probes that are still under way when the relay closes get this long. */
const HTTP_GRACE_MS = 1_000;

/** Readers whose ack may wait for the database: all that are connected, and as many that have gone meanwhile. */
const ACKS_WAITING_PER_CONNECTION = 2;

export interface RelayParts {
  readonly store: MessageStore;
  readonly bus: MessageBus;
  readonly settings: RelaySettings;
  readonly logger: Logger;
}

export interface Relay {
  /** Starts listening; the port that was bound. */
  listen(address: ListenAddress): Promise<number>;
  /** Not ready, no new connection, every socket closed with 1001 spread over time; then the last acks, and the bus. */
  close(): Promise<void>;
}

/** The WebSocket relay: hint -> feed -> connection -> socket, on any store and bus. Closes neither store nor bus. */
export function createRelay({ store, bus, settings, logger }: RelayParts): Relay {
  const counters = new RelayCounters();
  const delivery = startDelivery({ store, bus, settings, counters, logger });
  const { feeds } = delivery;
  const acks = new AckWriter({
    store,
    counters,
    logger,
    intervalMs: settings.ackWriteIntervalMs,
    waitingMax: settings.connectionsMax * ACKS_WAITING_PER_CONNECTION,
  });
  const devices = new DeviceOpener(store);
  const connections = new ConnectionRegistry({
    settings,
    feeds,
    acks,
    identify: (connection, frame) => {
      identify(connection, frame, {
        ...delivery,
        acks,
        devices,
        counters,
        heartbeatSeconds: settings.heartbeatSeconds,
      }).catch((error: unknown) => {
        logger.error({ err: error, connectionId: connection.id }, 'identify failed');
        connection.socket.terminate();
      });
    },
  });
  const metrics = createRelayMetrics({ counters, connections, feeds, acks });
  const readiness = new Readiness();
  readiness.addPart('database', () => store.checkReady());
  readiness.addPart('bus', () => delivery.checkBus());

  const httpServer = createServer(
    HTTP_SERVER_OPTIONS,
    createHttpApplication({ settings, readiness, metrics }),
  );
  attachSocketServer({
    httpServer,
    host: connections,
    refusal: (request) => refusalOf(request, connections, settings),
    onConnection: (connection) => {
      counters.connectionsOpened += 1;
      connections.add(connection);
    },
    onClose: (code) => {
      counters.countClose(code);
    },
  });

  return {
    listen: (address) => listen(httpServer, address),
    close: async () => {
      readiness.startDraining();
      await connections.drain(); // probes and upgrades are still answered: not ready, and 503
      await Promise.all([closeGracefully(httpServer, HTTP_GRACE_MS), delivery.close(), acks.close()]);
    },
  };
}

function refusalOf(
  request: IncomingMessage,
  connections: ConnectionRegistry,
  settings: RelaySettings,
): UpgradeRefusal | undefined {
  if (connections.isDraining) return 'draining';
  if (settings.auth === 'open' && !isHostAllowed(settings.allowedHosts, request.headers.host))
    return 'host-not-allowed';
  if (!isOriginAllowed(settings.originRules, request.headers.origin)) return 'origin-not-allowed';
  return connections.isFull ? 'too-many-connections' : undefined;
}
