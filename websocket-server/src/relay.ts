import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { MessageBus } from '@postline/message-bus';
import type { MessageStore } from '@postline/message-store';
import { CLOSE_CODES } from '@postline/protocol';
import {
  addressGroup,
  clientAddress,
  closeGracefully,
  errorForLog,
  isHostAllowed,
  isOriginAllowed,
  listen,
  type ListenAddress,
  type Logger,
  MemoryBudget,
  OpenResponses,
} from '@postline/service-runtime';
import { AckWriter } from './acks/ack-writer.ts';
import { AddressLimits } from './admission/address-limits.ts';
import { createAuthentication } from './identifying/authentication.ts';
import type { RelaySettings } from './configuration.ts';
import { ConnectionLog } from './connection/connection-log.ts';
import { ConnectionRegistry, type FollowClient } from './connection/connection-registry.ts';
import { startDelivery } from './feeds/feeds.ts';
import { DeviceOpener } from './identifying/device-opener.ts';
import { Disconnects } from './control/disconnects.ts';
import { createHttpApplication } from './http/application.ts';
import { Door } from './admission/door.ts';
import { createHttpServer } from './http/http-server.ts';
import { identify, type IdentifyOptions } from './identifying/identify.ts';
import { RefusalLog, type RefusalReason } from './admission/refusal-log.ts';
import { RelayCounters } from './metrics/relay-counters.ts';
import { createRelayHealth } from './metrics/relay-health.ts';
import { createRelayMetrics } from './metrics/relay-metrics.ts';
import { SocketQueues } from './socket/socket-queues.ts';
import { attachSocketServer } from './socket/socket-server.ts';
import { WriteTurn } from './socket/write-turn.ts';
import type { UpgradeRefusal } from './admission/upgrade-refusal.ts';

/** Requests for pages and probes that are still under way when the relay closes get this long. */
const HTTP_GRACE_MS = 1_000;

/** Readers whose ack may wait for the database: all that are connected, and as many that have gone meanwhile. */
const ACKS_WAITING_PER_CONNECTION = 2;

export interface RelayParts {
  readonly store: MessageStore;
  readonly bus: MessageBus;
  readonly settings: RelaySettings;
  readonly logger: Logger;
  /** What this process may hold for others; left out, the relay has it for itself. */
  readonly memory?: MemoryBudget | undefined;
}

export interface Relay {
  /** Starts listening; the port that was bound. */
  listen(address: ListenAddress): Promise<number>;
  /** Not ready, no new connection, every socket closed with 1001 spread over time; then the last acks, and the bus. */
  close(): Promise<void>;
}

interface RefusalGrounds {
  readonly connections: ConnectionRegistry;
  readonly addresses: AddressLimits;
  readonly settings: RelaySettings;
  readonly door: Door;
}

/** The WebSocket relay: hint -> feed -> connection -> socket, on any store and bus. Closes neither store nor bus. */
export function createRelay({ store, bus, settings, logger, memory }: RelayParts): Relay {
  const counters = new RelayCounters();
  const health = createRelayHealth({ store, settings, logger });
  const { readiness } = health;
  const disconnects = new Disconnects({
    store,
    onDisconnects: (found) => {
      connections.endDisconnected(found);
    },
  });
  const lookForDisconnects = () => {
    disconnects.look();
  };
  const turn = new WriteTurn();
  const queues = createSocketQueues({ settings, memory });
  const base = { store, settings, counters, logger };
  const delivery = startDelivery({ ...base, bus, turn, health, lookForDisconnects });
  const { feeds } = delivery;
  const storing = health.databaseActivity('Storing acks');
  const waitingMax = settings.connectionsMax * ACKS_WAITING_PER_CONNECTION;
  const acks = new AckWriter({ ...base, storing, waitingMax, intervalMs: settings.ackWriteIntervalMs });
  const addresses = new AddressLimits(settings);
  const authentication = createAuthentication({
    clientTokens: settings.clientTokens,
    counters,
    logger,
    addressOf: (connection) => connections.addressOf(connection),
    onBadToken: (connection) => {
      connections.noteBadToken(connection);
    },
    isWithdrawn: (connection, token) => disconnects.haveWithdrawn(connection, token),
  });
  const devices = new DeviceOpener(store);
  const { heartbeatSeconds } = settings;
  const following: IdentifyOptions = { ...delivery, acks, devices, disconnects, counters, heartbeatSeconds };
  const connections = new ConnectionRegistry({
    settings,
    feeds,
    acks,
    authentication,
    addresses,
    follow: createFollow(following, logger),
    queues,
  });
  const metrics = createRelayMetrics({ counters, connections, feeds, acks, queues });
  const application = createHttpApplication({ settings, readiness, metrics });
  const entrance = { turn, queues, connections, addresses, counters, settings, logger };
  const { httpServer, refusals } = openEntrance(application, entrance);

  return {
    listen: async (address) => {
      const port = await listen(httpServer, address);
      readiness.start();
      return port;
    },
    close: async () => {
      readiness.startDraining();
      await connections.drain(); // probes and upgrades are still answered: not ready, and 503
      refusals.stop();
      readiness.stop();
      await Promise.all([closeGracefully(httpServer, HTTP_GRACE_MS), delivery.close(), acks.close()]);
    },
  };
}

function createSocketQueues({ settings, memory }: Pick<RelayParts, 'settings' | 'memory'>): SocketQueues {
  const budget = memory ?? new MemoryBudget({ bytesMax: settings.heldBytesMax });
  return new SocketQueues({ budget, bytesMax: settings.socketQueuesBytesMax });
}

type EntranceParts = Omit<AttachmentParts, 'httpServer' | 'openResponses' | 'refusals' | 'door'>;

/** The server on the relay's port, with what looks at every connection before it becomes one of a client. */
function openEntrance(application: RequestListener, { logger, ...parts }: EntranceParts) {
  const { settings, counters } = parts;
  const refusals = new RefusalLog(logger);
  const door = new Door(settings, () => {
    counters.countRefusal('too-many-from-this-address');
    refusals.note('too-many-from-this-address', undefined);
  });
  const openResponses = new OpenResponses();
  const httpServer = createHttpServer(settings, application, { door, openResponses });
  attachConnections({ ...parts, httpServer, openResponses, refusals, door, logger });
  return { httpServer, refusals };
}

interface AttachmentParts extends RefusalGrounds {
  readonly httpServer: Server;
  readonly openResponses: OpenResponses;
  readonly turn: WriteTurn;
  readonly queues: SocketQueues;
  readonly counters: RelayCounters;
  readonly refusals: RefusalLog;
  readonly logger: Logger;
}

/** Every upgrade that is let in becomes a connection; one of a page that may not connect is ended as such. */
function attachConnections(parts: AttachmentParts): void {
  const { httpServer, openResponses, turn, queues, connections } = parts;
  const { counters, settings, refusals, logger } = parts;
  const log = new ConnectionLog(logger);
  const noteRefusal = (reason: RefusalReason, { headers }: IncomingMessage) => {
    counters.countRefusal(reason);
    refusals.note(reason, headers.origin);
  };
  attachSocketServer({
    httpServer,
    openResponses,
    turn,
    queues,
    host: connections,
    refusal: (request) => {
      const refusal = refusalOf(request, parts);
      if (refusal !== undefined) noteRefusal(refusal, request);
      return refusal;
    },
    onConnection: (connection, request) => {
      counters.connectionsOpened += 1;
      log.began(connection);
      connections.add(connection, addressOf(request, settings));
      if (isOriginAllowed(settings.originRules, request.headers.origin)) return;
      noteRefusal('origin-not-allowed', request); // only on a socket can a page learn why
      connection.fail('origin_not_allowed', CLOSE_CODES.notAllowed);
    },
    onClose: (code, connection) => {
      counters.countClose(code);
      log.ended(connection, code);
    },
  });
}

function createFollow(following: IdentifyOptions, logger: Logger): FollowClient {
  return (connection, frame, token) => {
    identify(connection, { frame, token }, following).catch((error: unknown) => {
      logger.error({ err: errorForLog(error), connectionId: connection.id }, 'identify failed');
      connection.socket.terminate();
    });
  };
}

function refusalOf(
  request: IncomingMessage,
  { connections, addresses, settings, door }: RefusalGrounds,
): UpgradeRefusal | undefined {
  if (connections.isDraining) return 'draining';
  if (settings.auth === 'open' && !isHostAllowed(settings.allowedHosts, request.headers.host))
    return 'host-not-allowed';
  if (connections.isFull) return 'too-many-connections';
  if (door.isBeyond(request.socket)) return 'too-many-from-this-address';
  return addresses.refusal(addressOf(request, settings));
}

/** What limits for each address count by. */
function addressOf(request: IncomingMessage, { trustedProxies }: RelaySettings): string {
  return addressGroup(clientAddress(request, trustedProxies));
}
