import { createClientTokenVerifier } from '@postline/client-tokens';
import type { MessageStore } from '@postline/message-store';
import {
  errorForLog,
  type Logger,
  type MemoryBudget,
  type MemoryShare,
  type MetricsRegistry,
} from '@postline/service-runtime';
import { AccessControl } from './access/access-control.ts';
import { PublishRates } from './access/publish-rates.ts';
import type { ApiHealth } from './api-health.ts';
import type { ApiSettings } from './configuration.ts';
import { ReaderAnswers } from './http/answers/reader-answers.ts';
import { UntakenAnswers } from './http/answers/untaken-answers.ts';
import { createConnectionRoutes } from './http/routes/connection-routes.ts';
import { createDocumentationRoutes } from './http/routes/documentation-routes.ts';
import { createMemberRoutes } from './http/routes/member-routes.ts';
import { createOperationsRoutes } from './http/routes/operations-routes.ts';
import { createPublishRoutes } from './http/routes/publish-routes.ts';
import { createTargetRoutes } from './http/routes/target-routes.ts';
import type { CrossOriginRules } from './http/server/cross-origin.ts';
import { holdWhileStarting } from './http/server/hold-while-starting.ts';
import { createHttpServer, type HttpServer } from './http/server/http-server.ts';
import { createBeginRequest } from './http/server/request-context.ts';
import { createRequestHandler } from './http/server/request-handler.ts';
import { createRequestLog } from './http/server/request-log.ts';
import type { ChangeMembers } from './members/member-commit.ts';
import type { ApiMetrics } from './metrics/api-metrics.ts';
import type { GroupCommit } from './publishing/group-commit.ts';
import type { PublishHints } from './publishing/publish-hints.ts';
import { createPublishMessages } from './publishing/publish-message.ts';
import type { PublishSpans } from './publishing/publish-spans.ts';
import { createLogPageReader } from './reading/read-log-page.ts';
import { createMemberReaders } from './reading/read-members.ts';
import { createReceiptsReader } from './reading/read-receipts.ts';
import type { DisconnectClient } from './upkeep/disconnect-client.ts';

export interface ApiHttpParts {
  readonly store: MessageStore;
  readonly settings: ApiSettings;
  readonly logger: Logger;
  readonly metrics: ApiMetrics;
  readonly health: ApiHealth;
  readonly memory: MemoryBudget;
  readonly registry: MetricsRegistry;
  readonly groupCommit: GroupCommit;
  readonly publishHints: PublishHints;
  readonly spans: PublishSpans | undefined;
  readonly changeMembers: ChangeMembers;
  readonly disconnectClient: DisconnectClient;
  readonly startHoldMs?: number | undefined;
}

/** Assembles the HTTP server: access control, all routes, and the handling of requests. */
export function createApiHttp(parts: ApiHttpParts): HttpServer {
  const { store, settings, logger, health, metrics, memory, registry, changeMembers, disconnectClient } =
    parts;
  const { trustedProxies: proxies, readerAnswers, logReads } = settings;
  const access = createAccessControl(parts);
  const bodyMemory = memory.share({ bytesMax: settings.bodiesBytesMax });
  const answersMemory = memory.share({ bytesMax: readerAnswers.bytesMax });
  const { deadlineMs } = readerAnswers;
  const readerParts = { access, answers: new ReaderAnswers({ memory: answersMemory, deadlineMs }), proxies };
  const onRequest = createRequestHandler({
    beginRequest: createBeginRequest({
      metrics,
      logRequest: createRequestLog(logger),
      crossOrigin: crossOriginRules(settings),
      access,
      isOpen: health.isOpen,
      keepAliveTimeoutMs: settings.http.keepAliveTimeoutMs,
    }),
    hotRoutes: createHotRoutes({ ...parts, bodyMemory, access }),
    routes: [
      ...createTargetRoutes({ ...readerParts, ...createReaders(parts) }),
      ...createMemberRoutes({
        ...readerParts,
        readers: createMemberReaders({ store, ...logReads }),
        changeMembers,
        bodyLimits: { bytesMax: settings.messageBodyBytesMax, memory: bodyMemory },
      }),
      ...createConnectionRoutes({ disconnectClient, access }),
      ...createOperationsRoutes({ readiness: health.readiness, registry }),
      ...createDocumentationRoutes(),
    ],
  });
  const untaken = new UntakenAnswers({ memory: answersMemory, deadlineMs });
  const { isOpen, opened } = health;
  return createHttpServer({
    onRequest: holdWhileStarting(onRequest, { isOpen, opened, holdMs: parts.startHoldMs }),
    untaken,
    ...settings.http,
  });
}

/** In open mode a foreign page could resolve its own host name to this machine (DNS rebinding), so `Host` is checked. */
function crossOriginRules({ auth, originRules, allowedHosts }: ApiSettings): CrossOriginRules {
  return { origins: originRules, hosts: auth === 'open' ? allowedHosts : undefined };
}

function createAccessControl({ store, settings, logger }: ApiHttpParts): AccessControl {
  const { publisherKeys: keys, clientTokens, trustedProxies: proxies, failuresPerMinute } = settings;
  if (settings.auth === 'open') return new AccessControl(undefined);
  if (clientTokens === undefined) throw new Error('client tokens are not configured'); // the settings were checked
  const tokens = createClientTokenVerifier(clientTokens, { logger });
  return new AccessControl({ keys, tokens, store, proxies, failuresPerMinute });
}

interface HotRouteParts
  extends Pick<ApiHttpParts, 'settings' | 'logger' | 'metrics' | 'groupCommit' | 'publishHints' | 'spans'> {
  readonly bodyMemory: MemoryShare;
  readonly access: AccessControl;
}

function createHotRoutes({ settings, logger, metrics, bodyMemory, access, ...parts }: HotRouteParts) {
  const { groupCommit, publishHints, spans } = parts;
  return createPublishRoutes({
    access,
    spans,
    rates: new PublishRates({ ...settings.publishRates, proxies: settings.trustedProxies }),
    publishMessages: createPublishMessages({
      append: (request, span) => groupCommit.append(request, span),
      publishHints,
      onOutcome: (outcome, request) => metrics.countPublish(outcome, request.publisher),
    }),
    messageBodyBytesMax: settings.messageBodyBytesMax,
    batchBodyBytesMax: settings.batchBodyBytesMax,
    bodyMemory,
    onFailure: (error) => {
      logger.error({ err: errorForLog(error) }, 'A publish failed');
    },
  });
}

function createReaders({ store, settings }: Pick<ApiHttpParts, 'store' | 'settings'>) {
  const { logReads: bounds, logPageBytesMax: pageBytesMax } = settings;
  return {
    readLogPage: createLogPageReader({ store, pageBytesMax, ...bounds }),
    readReceipts: createReceiptsReader({ store, ...bounds }),
  };
}
