/**
 * Start here. `main.ts` reads the environment; `createApiServer` assembles the API from its folders:
 * - http/server receives a request and finds its route in http/routes, which answers it;
 * - access/ authorizes the caller, http/body receives and parses the body;
 * - publishing/ commits messages together (`group-commit.ts`) and publishes their hints: the way of every publish;
 * - reading/ reads logs and receipts; upkeep/ migrates, deletes old messages and disconnects clients.
 */
import { createClientTokenVerifier } from '@postline/client-tokens';
import type { MessageBus } from '@postline/message-bus';
import type { LogTrimmer, MessageStore, Outbox } from '@postline/message-store';
import {
  type ActivityHealth,
  createMetricsRegistry,
  errorForLog,
  type ListenAddress,
  type Logger,
  MemoryBudget,
} from '@postline/service-runtime';
import { AccessControl } from './access/access-control.ts';
import { PublishRates } from './access/publish-rates.ts';
import { type ApiHealth, createApiHealth } from './api-health.ts';
import type { ApiSettings } from './configuration.ts';
import { ReaderAnswers } from './http/answers/reader-answers.ts';
import { UntakenAnswers } from './http/answers/untaken-answers.ts';
import { createConnectionRoutes } from './http/routes/connection-routes.ts';
import { createDocumentationRoutes } from './http/routes/documentation-routes.ts';
import { createOperationsRoutes } from './http/routes/operations-routes.ts';
import { createPublishRoutes } from './http/routes/publish-routes.ts';
import { createTargetRoutes } from './http/routes/target-routes.ts';
import type { CrossOriginRules } from './http/server/cross-origin.ts';
import { createHttpServer } from './http/server/http-server.ts';
import { createBeginRequest } from './http/server/request-context.ts';
import { createRequestHandler } from './http/server/request-handler.ts';
import { createRequestLog } from './http/server/request-log.ts';
import { type ApiMetrics, createApiMetrics } from './metrics/api-metrics.ts';
import { GroupCommit } from './publishing/group-commit.ts';
import { OutboxMover } from './publishing/outbox-mover.ts';
import { createPublishHints, type PublishHints } from './publishing/publish-hints.ts';
import { createPublishMessages } from './publishing/publish-message.ts';
import { createLogPageReader } from './reading/read-log-page.ts';
import { createReceiptsReader } from './reading/read-receipts.ts';
import { createDisconnectClient } from './upkeep/disconnect-client.ts';
import { LogRetention } from './upkeep/log-retention.ts';

/** Longer than any answer takes: a request that is still open then belongs to a client that does not read or write. */
const REQUESTS_GRACE_MS = 6_000;
/** The rest of the time is for statements in flight, and for closing the database's connections. */
const REQUESTS_GRACE_SHARE = 0.5;

export interface ApiServerParts {
  /** Stays open when the server closes: its creator closes it. */
  readonly store: MessageStore;
  /** Messages published by SQL, if the store supports it. */
  readonly outbox?: Outbox | undefined;
  /** Deletes messages, if the settings have a retention rule. */
  readonly trimmer?: LogTrimmer | undefined;
  readonly bus: Pick<MessageBus, 'createPublisher'>;
  readonly settings: ApiSettings;
  /** The memory of the process, if it is shared with another service. */
  readonly memory?: MemoryBudget;
  readonly logger: Logger;
}

export interface ApiServer {
  /** Begins to listen, and resolves with the port. Until `open`, only probes and /docs are served; all else gets 503. */
  listen(address: ListenAddress): Promise<number>;
  /** Begins to serve all requests: the database has the schema that this version needs. */
  open(): void;
  /** Becomes not ready, closes the port, answers open requests and finishes their commits, then closes the bus. */
  close(): Promise<void>;
}

export function createApiServer(parts: ApiServerParts): ApiServer {
  const { store, bus, settings, logger } = parts;
  const { memory = new MemoryBudget({ bytesMax: settings.heldBytesMax }) } = parts;
  const health = createApiHealth(parts);
  const { readiness } = health;
  const registry = createMetricsRegistry('api-server');
  const metrics = createApiMetrics(registry);
  const publisher = bus.createPublisher(health.busEvents);
  const { hintDeadlineMs } = settings;
  const publishHints = createPublishHints({
    publisher,
    hintDeadlineMs,
    onHints: (hints, error) => {
      metrics.countHints(hints, error !== undefined);
    },
  });
  const groupCommit = createGroupCommit({ ...parts, metrics, health });
  const outboxMover = createOutboxMover({ ...parts, metrics, health, publishHints });
  const retention = createLogRetention({ ...parts, metrics, health });

  const access = createAccessControl(parts);
  const answersMemory = memory.share({ bytesMax: settings.readerAnswers.bytesMax });
  const { deadlineMs } = settings.readerAnswers;
  const onRequest = createRequestHandler({
    beginRequest: createBeginRequest({
      metrics,
      logRequest: createRequestLog(logger),
      crossOrigin: crossOriginRules(settings),
      access,
      isOpen: health.isOpen,
    }),
    hotRoutes: createHotRoutes({ ...parts, metrics, memory, access, groupCommit, publishHints }),
    routes: [
      ...createTargetRoutes({
        ...createReaders(parts),
        access,
        answers: new ReaderAnswers({ memory: answersMemory, deadlineMs }),
        proxies: settings.trustedProxies,
      }),
      ...createConnectionRoutes({
        disconnectClient: createDisconnectClient({ store, publisher, hintDeadlineMs }),
        access,
      }),
      ...createOperationsRoutes({ readiness, registry }),
      ...createDocumentationRoutes(),
    ],
  });
  const untaken = new UntakenAnswers({ memory: answersMemory, deadlineMs });
  const server = createHttpServer({ onRequest, untaken, ...settings.http });
  const graceMs = Math.min(REQUESTS_GRACE_MS, settings.shutdownDeadlineMs * REQUESTS_GRACE_SHARE);
  return {
    listen: async (address) => {
      const port = await server.listen(address);
      readiness.start();
      return port;
    },
    open: () => {
      health.open();
      outboxMover?.start();
      retention?.start();
    },
    close: async () => {
      readiness.startDraining();
      await Promise.all([server.close(graceMs), outboxMover?.stop(), retention?.stop()]);
      await groupCommit.drain();
      readiness.stop();
      await publisher.close();
    },
  };
}

/** In open mode a foreign page could resolve its own host name to this machine (DNS rebinding), so `Host` is checked. */
function crossOriginRules({ auth, originRules, allowedHosts }: ApiSettings): CrossOriginRules {
  return { origins: originRules, hosts: auth === 'open' ? allowedHosts : undefined };
}

function createAccessControl({ store, settings, logger }: ApiServerParts): AccessControl {
  const { publisherKeys: keys, clientTokens, trustedProxies: proxies, failuresPerMinute } = settings;
  if (settings.auth === 'open') return new AccessControl(undefined);
  if (clientTokens === undefined) throw new Error('client tokens are not configured'); // the settings were checked
  const tokens = createClientTokenVerifier(clientTokens, { logger });
  return new AccessControl({ keys, tokens, disconnects: store, proxies, failuresPerMinute });
}

interface HotRouteParts extends Pick<ApiServerParts, 'settings' | 'logger'> {
  readonly metrics: ApiMetrics;
  readonly memory: MemoryBudget;
  readonly access: AccessControl;
  readonly groupCommit: GroupCommit;
  readonly publishHints: PublishHints;
}

function createHotRoutes({ settings, logger, metrics, memory, access, ...parts }: HotRouteParts) {
  const { groupCommit, publishHints } = parts;
  return createPublishRoutes({
    access,
    rates: new PublishRates({ ...settings.publishRates, proxies: settings.trustedProxies }),
    publishMessages: createPublishMessages({
      append: (request) => groupCommit.append(request),
      publishHints,
      onOutcome: (outcome, request) => metrics.countPublish(outcome, request.publisher),
    }),
    messageBodyBytesMax: settings.messageBodyBytesMax,
    batchBodyBytesMax: settings.batchBodyBytesMax,
    bodyMemory: memory.share({ bytesMax: settings.bodiesBytesMax }),
    onFailure: (error) => {
      logger.error({ err: errorForLog(error) }, 'A publish failed');
    },
  });
}

function createReaders({ store, settings }: Pick<ApiServerParts, 'store' | 'settings'>) {
  const { logReads: bounds, logPageBytesMax: pageBytesMax } = settings;
  return {
    readLogPage: createLogPageReader({ store, pageBytesMax, ...bounds }),
    readReceipts: createReceiptsReader({ store, ...bounds }),
  };
}

interface WorkerParts extends Pick<ApiServerParts, 'store' | 'outbox' | 'trimmer' | 'settings' | 'logger'> {
  readonly metrics: ApiMetrics;
  readonly health: ApiHealth;
}

function createGroupCommit({ store, settings, metrics, health }: WorkerParts): GroupCommit {
  const committing = health.databaseActivity('Storing messages');
  const groupCommit = new GroupCommit({
    store,
    limits: settings.groupCommit,
    onCommit: (report) => {
      metrics.countCommit(report);
      noteOutcome(committing, report.error);
    },
  });
  metrics.showWaiting(() => groupCommit.waiting());
  return groupCommit;
}

function noteOutcome(activity: ActivityHealth, error: unknown): void {
  if (error === undefined) activity.worked();
  else activity.failed(error);
}

interface OutboxMoverParts extends WorkerParts {
  readonly publishHints: PublishHints;
}

function createOutboxMover(parts: OutboxMoverParts): OutboxMover | undefined {
  const { outbox, settings, logger, metrics, health, publishHints } = parts;
  if (outbox === undefined) return undefined;
  outbox.onMoved(({ messages, epoch }) => {
    metrics.countMoved(messages.length);
    void publishHints(messages, epoch); // never rejects; the relays find a message without a hint
  });
  outbox.onSetAside((row) => {
    metrics.countSetAside(1);
    logger.error({ ...row }, 'An invalid message published by SQL was moved from outbox to outbox_refused');
  });
  const moving = health.databaseActivity('Moving messages published by SQL');
  return new OutboxMover({
    outbox,
    intervalMs: settings.outboxIntervalMs,
    onPage: () => {
      moving.worked();
    },
    onError: (error) => {
      moving.failed(error);
    },
  });
}

function createLogRetention(parts: WorkerParts): LogRetention | undefined {
  const { trimmer, settings, logger, metrics, health } = parts;
  if (trimmer === undefined || settings.retention === undefined) return undefined;
  const deleting = health.databaseActivity('Deleting old messages');
  return new LogRetention({
    trimmer,
    ...settings.retention,
    onPass: (deletedCount) => {
      deleting.worked();
      metrics.countDeleted(deletedCount);
      if (deletedCount > 0) logger.info({ deletedCount }, 'Deleted old messages');
    },
    onError: (error) => {
      deleting.failed(error);
    },
  });
}
