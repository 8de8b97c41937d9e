import type { MessageBus } from '@postline/message-bus';
import type { MessageStore } from '@postline/message-store';
import {
  createMetricsRegistry,
  type ListenAddress,
  type Logger,
  OPEN_MODE_WARNING,
  Readiness,
} from '@postline/service-runtime';
import { type ApiMetrics, createApiMetrics } from './api-metrics.ts';
import { createAvailabilityLog } from './availability-log.ts';
import type { ApiSettings } from './configuration.ts';
import { GroupCommit } from './group-commit.ts';
import { createApplication } from './http/application.ts';
import { createHttpServer } from './http/http-server.ts';
import { createPublishMessages, type PublishMessages } from './publish-message.ts';
import { createLogPageReader } from './read-log-page.ts';
import { createReceiptsReader } from './read-receipts.ts';

/** Longer than any answer takes: whatever is still open then is a client that doesn't read or write. */
const REQUESTS_GRACE_MS = 6_000;
/** The rest of the time is for what the database still has in flight, and for closing it. */
const REQUESTS_GRACE_SHARE = 0.5;

export interface ApiServerParts {
  /** Stays open when the server closes: it belongs to whoever opened it. */
  readonly store: MessageStore;
  readonly bus: Pick<MessageBus, 'createPublisher'>;
  readonly settings: ApiSettings;
  readonly logger: Logger;
}

export interface ApiServer {
  /** Takes requests from now on; resolves with the port. */
  listen(address: ListenAddress): Promise<number>;
  /** Not ready first, then no new connection, then the answers in flight, the commits they wait for, and the bus. */
  close(): Promise<void>;
}

/** The HTTP API, assembled from its parts. */
export function createApiServer({ store, bus, settings, logger }: ApiServerParts): ApiServer {
  const publisher = bus.createPublisher();
  const registry = createMetricsRegistry('api-server');
  const metrics = createApiMetrics(registry, () => groupCommit.waiting());
  const groupCommit = createGroupCommit({ store, settings, logger, metrics });

  const busLog = createAvailabilityLog(logger, 'bus');
  const publishMessages = createPublishMessages({
    append: (request) => groupCommit.append(request),
    publisher,
    hintDeadlineMs: settings.hintDeadlineMs,
    onHints: (hints, error) => {
      metrics.countHints(hints, error !== undefined);
      if (error === undefined) busLog.worked();
      else busLog.failed(error);
    },
  });

  const readiness = new Readiness();
  readiness.addPart('database', () => store.checkReady());
  readiness.addPart('bus', () => publisher.checkReady());

  const application = createApplication({
    publishMessages: countOutcomes(publishMessages, metrics),
    readLogPage: createLogPageReader({
      store,
      readsMax: settings.logReadsMax,
      pageBytesMax: settings.logPageBytesMax,
      deadlineMs: settings.logReadDeadlineMs,
    }),
    readReceipts: createReceiptsReader({
      store,
      readsMax: settings.logReadsMax,
      deadlineMs: settings.logReadDeadlineMs,
    }),
    readiness,
    registry,
    metrics,
    logger,
    // In open mode a page of a stranger's could point its own name at this machine.
    crossOrigin: {
      origins: settings.originRules,
      hosts: settings.auth === 'open' ? settings.allowedHosts : undefined,
    },
    warnings: settings.auth === 'open' ? [OPEN_MODE_WARNING] : [],
    limits: settings,
  });
  const server = createHttpServer({ onRequest: application, connectionsMax: settings.connectionsMax });
  const graceMs = Math.min(REQUESTS_GRACE_MS, settings.shutdownDeadlineMs * REQUESTS_GRACE_SHARE);
  return {
    listen: (address) => server.listen(address),
    close: async () => {
      readiness.startDraining();
      await server.close(graceMs);
      await groupCommit.drain();
      await publisher.close();
    },
  };
}

interface GroupCommitParts extends Pick<ApiServerParts, 'store' | 'settings' | 'logger'> {
  readonly metrics: ApiMetrics;
}

function createGroupCommit({ store, settings, logger, metrics }: GroupCommitParts): GroupCommit {
  const databaseLog = createAvailabilityLog(logger, 'database');
  return new GroupCommit({
    store,
    limits: settings.groupCommit,
    onCommit: (report) => {
      metrics.countCommit(report);
      if (report.error === undefined) databaseLog.worked();
      else databaseLog.failed(report.error);
    },
  });
}

function countOutcomes(publishMessages: PublishMessages, metrics: ApiMetrics): PublishMessages {
  return async (request) => {
    const outcome = await publishMessages(request);
    metrics.countPublish(outcome);
    return outcome;
  };
}
