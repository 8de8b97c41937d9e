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
  type MemoryShare,
} from '@postline/service-runtime';
import { type ApiHealth, createApiHealth } from './api-health.ts';
import { type ApiMetrics, createApiMetrics } from './metrics/api-metrics.ts';
import type { ApiSettings } from './configuration.ts';
import { createDisconnectClient } from './upkeep/disconnect-client.ts';
import { GroupCommit } from './publishing/group-commit.ts';
import { AccessControl } from './access/access-control.ts';
import type { CrossOriginRules } from './http/server/cross-origin.ts';
import { createEntrance, type Entrance } from './http/server/request-context.ts';
import { createHttpServer } from './http/server/http-server.ts';
import { PublishRates } from './access/publish-rates.ts';
import { createPublishRoutes } from './http/routes/publish-routes.ts';
import { ReaderAnswers } from './http/answers/reader-answers.ts';
import { createRequestHandler } from './http/server/request-handler.ts';
import { createRequestLog } from './http/server/request-log.ts';
import { UntakenAnswers } from './http/answers/untaken-answers.ts';
import { LogRetention } from './upkeep/log-retention.ts';
import { OutboxMover } from './publishing/outbox-mover.ts';
import {
  createPublishMessages,
  createTellFollowers,
  type TellFollowers,
} from './publishing/publish-message.ts';
import { createLogPageReader } from './reading/read-log-page.ts';
import { createReceiptsReader } from './reading/read-receipts.ts';

/** Longer than any answer takes: whatever is still open then is a client that doesn't read or write. */
const REQUESTS_GRACE_MS = 6_000;
/** The rest of the time is for what the database still has in flight, and for closing it. */
const REQUESTS_GRACE_SHARE = 0.5;

export interface ApiServerParts {
  /** Stays open when the server closes: it belongs to whoever opened it. */
  readonly store: MessageStore;
  /** Where the store has one: messages that applications publish by SQL. */
  readonly outbox?: Outbox | undefined;
  /** Deletes by the retention rule, where the settings have one. */
  readonly trimmer?: LogTrimmer | undefined;
  readonly bus: Pick<MessageBus, 'createPublisher'>;
  readonly settings: ApiSettings;
  /** What this process holds for others; left out where it is this service's alone. */
  readonly memory?: MemoryBudget;
  readonly logger: Logger;
}

export interface ApiServer {
  /** Answers probes from now on, and everything else with 503; resolves with the port. */
  listen(address: ListenAddress): Promise<number>;
  /** Takes requests from now on: the database has the schema that this version needs. */
  open(): void;
  /** Not ready first, then no new connection, then the answers in flight, the commits they wait for, and the bus. */
  close(): Promise<void>;
}

/** The HTTP API, assembled from its parts. */
export function createApiServer(parts: ApiServerParts): ApiServer {
  const { store, bus, settings, logger, memory = ownMemory(settings) } = parts;
  const health = createApiHealth(parts);
  const { readiness, isOpen } = health;
  const publisher = bus.createPublisher(health.busEvents);
  const registry = createMetricsRegistry('api-server');
  const metrics = createApiMetrics(registry, () => groupCommit.waiting());
  const groupCommit = createGroupCommit({ ...parts, metrics, health });
  const tellFollowers = createTellFollowers({
    publisher,
    hintDeadlineMs: settings.hintDeadlineMs,
    onHints: (hints, error) => {
      metrics.countHints(hints, error !== undefined);
    },
  });
  const publishMessages = createPublishMessages({
    append: (request) => groupCommit.append(request),
    tellFollowers,
    onOutcome: (outcome, request) => metrics.countPublish(outcome, request.publisher),
  });
  const outboxMover = createOutboxMover({ ...parts, metrics, health, tellFollowers });
  const retention = createLogRetention({ ...parts, metrics, health });

  const access = createAccessControl(parts);
  const answersMemory = memory.share({ bytesMax: settings.readerAnswers.bytesMax });
  const onRequest = createRequestHandler({
    entrance: createApiEntrance({ settings, logger, metrics, access, isOpen }),
    access,
    publishRoutes: createPublishRoutes({
      access,
      rates: new PublishRates({ ...settings.publishRates, proxies: settings.trustedProxies }),
      publishMessages,
      messageBodyBytesMax: settings.messageBodyBytesMax,
      batchBodyBytesMax: settings.batchBodyBytesMax,
      bodyMemory: memory.share({ bytesMax: settings.bodiesBytesMax }),
      onFailure: (error) => {
        logger.error({ err: errorForLog(error) }, 'a publish failed');
      },
    }),
    ...createReaders(store, settings),
    readers: createReaderParts(answersMemory, settings),
    disconnectClient: createDisconnectClient({ store, publisher, hintDeadlineMs: settings.hintDeadlineMs }),
    readiness,
    registry,
  });
  const { deadlineMs } = settings.readerAnswers;
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

function ownMemory({ heldBytesMax }: ApiSettings): MemoryBudget {
  return new MemoryBudget({ bytesMax: heldBytesMax });
}

interface EntranceParts extends Pick<ApiServerParts, 'settings' | 'logger'> {
  readonly metrics: ApiMetrics;
  readonly access: AccessControl;
  readonly isOpen: () => boolean;
}

function createApiEntrance({ settings, logger, ...parts }: EntranceParts): Entrance {
  return createEntrance({
    ...parts,
    logRequest: createRequestLog(logger),
    crossOrigin: crossOriginRules(settings),
  });
}

/** In open mode a page of a stranger's could point its own name at this machine. */
function crossOriginRules({ auth, originRules, allowedHosts }: ApiSettings): CrossOriginRules {
  return { origins: originRules, hosts: auth === 'open' ? allowedHosts : undefined };
}

function createAccessControl({ store, settings, logger }: ApiServerParts): AccessControl {
  const { publisherKeys: keys, clientTokens, trustedProxies: proxies, failuresPerMinute } = settings;
  if (settings.auth === 'open') return new AccessControl(undefined);
  if (clientTokens === undefined) throw new Error('nothing to check tokens with'); // the settings were checked
  const tokens = createClientTokenVerifier(clientTokens, { logger });
  return new AccessControl({ keys, tokens, disconnects: store, proxies, failuresPerMinute });
}

function createReaderParts(memory: MemoryShare, { readerAnswers, trustedProxies: proxies }: ApiSettings) {
  return { answers: new ReaderAnswers({ memory, deadlineMs: readerAnswers.deadlineMs }), proxies };
}

function createReaders(store: MessageStore, settings: ApiSettings) {
  const { logReads: bounds, logPageBytesMax: pageBytesMax } = settings;
  return {
    readLogPage: createLogPageReader({ store, pageBytesMax, ...bounds }),
    readReceipts: createReceiptsReader({ store, ...bounds }),
  };
}

interface GroupCommitParts extends Pick<ApiServerParts, 'store' | 'settings'> {
  readonly metrics: ApiMetrics;
  readonly health: ApiHealth;
}

function createGroupCommit({ store, settings, metrics, health }: GroupCommitParts): GroupCommit {
  const committing = health.databaseActivity('Storing messages');
  return new GroupCommit({
    store,
    limits: settings.groupCommit,
    onCommit: (report) => {
      metrics.countCommit(report);
      noteOutcome(committing, report.error);
    },
  });
}

function noteOutcome(activity: ActivityHealth, error: unknown): void {
  if (error === undefined) activity.worked();
  else activity.failed(error);
}

interface OutboxMoverParts extends Pick<ApiServerParts, 'outbox' | 'settings' | 'logger'> {
  readonly metrics: ApiMetrics;
  readonly health: ApiHealth;
  readonly tellFollowers: TellFollowers;
}

function createOutboxMover(parts: OutboxMoverParts): OutboxMover | undefined {
  const { outbox, settings, logger, metrics, health, tellFollowers } = parts;
  if (outbox === undefined) return undefined;
  outbox.onMoved(({ messages, epoch }) => {
    metrics.countMoved(messages.length);
    void tellFollowers(messages, epoch); // never rejects; what it can't tell, the relays find
  });
  outbox.onSetAside((row) => {
    metrics.countSetAside(1);
    logger.error(
      { ...row },
      'a message published by SQL that no log takes was moved from the table outbox to outbox_refused',
    );
  });
  const moving = health.databaseActivity('Moving messages that were published by SQL');
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

interface LogRetentionParts extends Pick<ApiServerParts, 'trimmer' | 'settings' | 'logger'> {
  readonly metrics: ApiMetrics;
  readonly health: ApiHealth;
}

function createLogRetention(parts: LogRetentionParts): LogRetention | undefined {
  const { trimmer, settings, logger, metrics, health } = parts;
  if (trimmer === undefined || settings.retention === undefined) return undefined;
  const deleting = health.databaseActivity('Deleting by the retention rule');
  return new LogRetention({
    trimmer,
    ...settings.retention,
    onPass: (deletedCount) => {
      deleting.worked();
      metrics.countDeleted(deletedCount);
      if (deletedCount > 0) logger.info({ deletedCount }, 'deleted by the retention rule');
    },
    onError: (error) => {
      deleting.failed(error);
    },
  });
}
