/**
 * Start here. A relay turns hints into frames on sockets. Follow a hint: feeds/feeds, feed-directory, feed, fan-out, then
 * following/follower, then socket/. Follow a client: socket/socket-server, connection/connection, then
 * identifying/identify, which reads top to bottom. What the API changes for clients that are connected comes by control/.
 * Whatever a hint missed, feeds/head-comparison finds in the database.
 */
import { CLOSE_CODES } from '@postline/protocol';
import {
  answerWithClose,
  closeGracefully,
  errorForLog,
  listen,
  type ListenAddress,
  type Logger,
  MemoryBudget,
  OpenResponses,
} from '@postline/service-runtime';
import { Admission } from './admission/admission.ts';
import type { RefusalLog } from './admission/refusal-log.ts';
import { createClientParts, createIdentifying, type RelayParts } from './client-parts.ts';
import type { RelaySettings } from './configuration.ts';
import type { ClientDirectory } from './connection/client-directory.ts';
import { type ConnectionHost, incomingBounds } from './connection/connection.ts';
import { ConnectionLog } from './connection/connection-log.ts';
import type { ConnectionRegistry } from './connection/connection-registry.ts';
import { drain } from './connection/drain.ts';
import { StalledWatch } from './connection/stalled-watch.ts';
import type { Feeds } from './feeds/feeds.ts';
import type { LogReader } from './following/log-reader.ts';
import { FollowedGroups } from './groups/followed-groups.ts';
import { createHttpApplication } from './http/application.ts';
import { createHttpServer } from './http/http-server.ts';
import type { ConnectionTokens } from './identifying/connection-tokens.ts';
import { identify, type IdentifyParts } from './identifying/identify.ts';
import { RelayCounters } from './metrics/relay-counters.ts';
import { createRelayHealth } from './metrics/relay-health.ts';
import { createRelayMetrics } from './metrics/relay-metrics.ts';
import { SendSpans } from './metrics/send-spans.ts';
import { DeliveryLog } from './operations/delivery-log.ts';
import { Operations } from './operations/operations.ts';
import { SocketQueues } from './socket/socket-queues.ts';
import { attachSocketServer, type UpgradeHandling } from './socket/socket-server.ts';
import { WriteTurn } from './socket/write-turn.ts';

/** Requests for pages and probes that are in progress when the relay closes get this much time. */
const HTTP_GRACE_MS = 1_000;

/** Precision of the time limits for identify and progress, and of what else is only checked now and then. */
const SWEEP_MS = 250;

export interface Relay {
  /** Starts listening; resolves to the port. */
  listen(address: ListenAddress): Promise<number>;
  /** Becomes not ready, and goes on accepting connections; each plain answer says `Connection: close`. */
  startDraining(): void;
  /** Not ready, no new connection, every socket closed with 1001 spread over time; then the last acks, and the bus. */
  close(): Promise<void>;
}

/** The WebSocket relay, on any store and bus. Closes neither of them. */
export function createRelay(parts: RelayParts): Relay {
  const { store, settings, logger, tracing } = parts;
  const { memory = new MemoryBudget({ bytesMax: settings.heldBytesMax }) } = parts;
  const deliveries = settings.opsPage ? new DeliveryLog() : undefined;
  const counters = new RelayCounters(deliveries, tracing && new SendSpans(tracing));
  const health = createRelayHealth({ store, settings, logger });
  const { readiness } = health;
  const turn = new WriteTurn(() => {
    counters.sendDelays.onWritten();
    counters.sendSpans?.onWritten();
  });
  const queues = new SocketQueues({ budget: memory, bytesMax: settings.socketQueuesBytesMax });

  const clientParts = createClientParts(parts, { counters, health, turn });
  const { connections, feeds, acks, tokens, refusals, addresses } = clientParts;
  const stalled = new StalledWatch(settings.noProgressMs);
  const identifying = createIdentifying(parts, clientParts);
  const keptAcks = deliveries?.recording(acks) ?? acks;
  const host = createHost({ ...clientParts, acks: keptAcks, stalled, identifying, settings, logger });

  const admission = new Admission({ settings, counters, refusals, addresses, connections });
  const shown = { health, memory, stalled, feeds: feeds.directory, queues, limits: settings };
  const metrics = createRelayMetrics({ ...clientParts, ...shown });
  const operations = deliveries && new Operations({ ...clientParts, ...shown, store, settings, deliveries });
  const application = createHttpApplication({ settings, readiness, metrics, operations });
  const openResponses = new OpenResponses();
  const httpServer = createHttpServer(settings, application, {
    tcpConnections: admission.tcpConnections,
    openResponses,
  });
  const handling = createUpgradeHandling({ admission, connections, counters, logger });
  attachSocketServer({ httpServer, openResponses, turn, queues, host, ...handling });

  const sweeping = startSweeping({ connections, queues, stalled, feeds });

  return {
    listen: async (address) => {
      const port = await listen(httpServer, address);
      readiness.start();
      operations?.start();
      return port;
    },
    startDraining: () => {
      readiness.startDraining();
      answerWithClose(httpServer);
    },
    close: async () => {
      readiness.startDraining();
      await drain(connections, settings.drainMs); // probes and upgrades are still answered: not ready, and 503
      clearInterval(sweeping);
      connections.stop();
      tokens.stop();
      refusals.stop();
      readiness.stop();
      operations?.stop();
      await Promise.all([closeGracefully(httpServer, HTTP_GRACE_MS), feeds.close(), acks.close()]);
    },
  };
}

interface SweptParts {
  readonly connections: ConnectionRegistry;
  readonly feeds: Feeds;
  readonly queues: SocketQueues;
  readonly stalled: StalledWatch;
}

function startSweeping({ connections, queues, stalled, feeds }: SweptParts): NodeJS.Timeout {
  return setInterval(() => {
    connections.sweep();
    queues.sweep();
    stalled.sweep(queues.isShort);
    feeds.directory.closeUnused();
  }, SWEEP_MS);
}

interface HostParts {
  readonly connections: ConnectionRegistry;
  readonly clients: ClientDirectory;
  readonly stalled: StalledWatch;
  readonly acks: ConnectionHost['acks'];
  readonly logReader: LogReader;
  readonly tokens: ConnectionTokens;
  readonly refusals: RefusalLog;
  readonly identifying: IdentifyParts;
  readonly settings: RelaySettings;
  readonly logger: Logger;
}

/** Where the frames and events of connections go. */
function createHost({ connections, clients, stalled, acks, tokens, ...rest }: HostParts): ConnectionHost {
  const { logReader, refusals, identifying, settings, logger } = rest;
  return {
    incomingBounds: incomingBounds(settings),
    acks,
    logReader,
    identify: (connection, frame) => {
      identify(connection, frame, identifying).catch((error: unknown) => {
        logger.error({ err: errorForLog(error), connectionId: connection.id }, 'identify failed');
        connection.socket.terminate();
      });
    },
    renewToken: (connection, clientId, token) => {
      tokens.renew(connection, clientId, token);
    },
    createGroups: (connection) => new FollowedGroups(connection, identifying.groups, { followsAll: false }),
    onStalled: (connection) => {
      stalled.add(connection);
    },
    onFailed: (code) => {
      if (code === 'too_many_connections') refusals.note('too-many-connections-of-the-client');
      if (code === 'too_many_frames') refusals.note('too-many-frames');
    },
    onClosed: (connection) => {
      connections.remove(connection);
      if (connection.clientId !== undefined) clients.remove(connection.clientId, connection);
      tokens.forget(connection);
      stalled.remove(connection);
    },
  };
}

interface AdmittingParts {
  readonly admission: Admission;
  readonly connections: ConnectionRegistry;
  readonly counters: RelayCounters;
  readonly logger: Logger;
}

/** What happens to an upgrade, and to the connection that it becomes. */
function createUpgradeHandling({
  admission,
  connections,
  counters,
  logger,
}: AdmittingParts): UpgradeHandling {
  const log = new ConnectionLog(logger);
  return {
    refusal: (request) => admission.refusal(request),
    addressOf: (request) => admission.addressOf(request),
    onConnection: (connection, request) => {
      counters.connectionsOpened += 1;
      log.opened(connection);
      connections.add(connection);
      if (!admission.admitsOrigin(request)) connection.fail('origin_not_allowed', CLOSE_CODES.notAllowed);
    },
    onClose: (code, connection) => {
      counters.countClose(code);
      log.closed(connection, code);
    },
  };
}
