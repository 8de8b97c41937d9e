/**
 * Start here. `main.ts` reads the environment; `createApiServer` assembles the API from its folders:
 * - http/server receives a request and finds its route in http/routes, which answers it;
 * - access/ authorizes the caller, http/body receives and parses the body;
 * - publishing/ commits messages together (`group-commit.ts`) and publishes their hints: the way of every publish;
 * - members/ changes the members of groups; reading/ reads logs, receipts and members;
 * - upkeep/ migrates, deletes old messages and disconnects clients.
 */
import type { MessageBus } from '@postline/message-bus';
import type { LogTrimmer, MemberUpkeep, MessageStore, MovedMessages, Outbox } from '@postline/message-store';
import {
  type ActivityHealth,
  createMetricsRegistry,
  type ListenAddress,
  type Logger,
  MemoryBudget,
  type RepeatedTask,
  type Tracing,
  showHealth,
  showMemory,
} from '@postline/service-runtime';
import { createApiHttp } from './api-http.ts';
import { type ApiHealth, createApiHealth } from './api-health.ts';
import type { ApiSettings } from './configuration.ts';
import { type ApiMetrics, createApiMetrics } from './metrics/api-metrics.ts';
import { MemberCommit } from './members/member-commit.ts';
import { createMemberNotice } from './members/member-notice.ts';
import { GroupCommit } from './publishing/group-commit.ts';
import { createOutboxMover } from './publishing/outbox-mover.ts';
import { createPublishHints, type PublishHints } from './publishing/publish-hints.ts';
import { PublishSpans } from './publishing/publish-spans.ts';
import { createDisconnectClient } from './upkeep/disconnect-client.ts';
import { createForgetDepartures } from './upkeep/forget-departures.ts';
import { createLogRetention } from './upkeep/log-retention.ts';

/** Longer than any answer takes: a request that is still open then belongs to a client that does not read or write. */
const REQUESTS_GRACE_MS = 6_000;
/** Of the time after draining; the rest is for statements in flight, and for closing the database's connections. */
const REQUESTS_GRACE_SHARE = 2 / 3;

export interface ApiServerParts {
  /** Stays open when the server closes: its creator closes it. */
  readonly store: MessageStore;
  /** Messages published by SQL, if the store supports it. */
  readonly outbox?: Outbox | undefined;
  /** Deletes old departures of members, and messages if the settings have a retention rule. */
  readonly trimmer?: (LogTrimmer & MemberUpkeep) | undefined;
  readonly bus: Pick<MessageBus, 'createPublisher'>;
  readonly settings: ApiSettings;
  /** The memory of the process, if it is shared with another service. */
  readonly memory?: MemoryBudget;
  readonly logger: Logger;
  /** Undefined if tracing is off. Its creator closes it. */
  readonly tracing?: Tracing | undefined;
  /** Milliseconds for which a request waits for `open`; 3,000 if left out. */
  readonly startHoldMs?: number | undefined;
}

export interface ApiServer {
  /** Begins to listen, and resolves with the port. Until `open`, only probes and /docs are served; all else waits, then gets 503. */
  listen(address: ListenAddress): Promise<number>;
  /** Begins to serve all requests: the database has the schema that this version needs. */
  open(): void;
  /** Becomes not ready, and goes on serving; each answer says `Connection: close`. */
  startDraining(): void;
  /** Becomes not ready, closes the port, answers open requests and finishes their commits, then closes the bus. */
  close(): Promise<void>;
}

export function createApiServer(parts: ApiServerParts): ApiServer {
  const { store, bus, settings, logger } = parts;
  const { memory = new MemoryBudget({ bytesMax: settings.heldBytesMax }) } = parts;
  const health = createApiHealth(parts);
  const { readiness } = health;
  const registry = createMetricsRegistry('api-server');
  showHealth(registry, health);
  showMemory(registry, memory);
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
  const spans = parts.tracing && new PublishSpans(parts.tracing);
  const groupCommit = createGroupCommit({ ...parts, metrics, health, spans });
  const memberNotice = createMemberNotice({ publisher, hintDeadlineMs });
  const onMoved = createMovedListener({ logger, metrics, publishHints, memberNotice });
  const outboxMover = createMover({ ...parts, metrics, health, onMoved });
  const memberCommit = createMemberCommit({ ...parts, metrics, health, memberNotice, onMoved });
  const retention = createRetention({ ...parts, metrics, health });
  const departures = createDepartures({ ...parts, metrics, health });

  const server = createApiHttp({
    ...parts,
    memory,
    health,
    registry,
    metrics,
    groupCommit,
    publishHints,
    spans,
    changeMembers: (change) => memberCommit.change(change),
    disconnectClient: createDisconnectClient({ store, publisher, hintDeadlineMs }),
  });
  const startDraining = () => {
    readiness.startDraining();
    server.startDraining();
  };
  const graceMs = Math.min(REQUESTS_GRACE_MS, settings.closeDeadlineMs * REQUESTS_GRACE_SHARE);
  return {
    listen: async (address) => {
      const port = await server.listen(address);
      readiness.start();
      return port;
    },
    open: () => {
      health.open();
      outboxMover?.runNow();
      retention?.start();
      departures?.start();
    },
    startDraining,
    close: async () => {
      startDraining();
      const tasks = [outboxMover, retention, departures].map((task) => task?.stop());
      await Promise.all([server.close(graceMs), ...tasks]);
      await Promise.all([groupCommit.drain(), memberNotice.stop()]);
      readiness.stop();
      await publisher.close();
    },
  };
}

interface WorkerParts extends Pick<ApiServerParts, 'store' | 'outbox' | 'trimmer' | 'settings' | 'logger'> {
  readonly metrics: ApiMetrics;
  readonly health: ApiHealth;
}

interface GroupCommitParts extends WorkerParts {
  readonly spans: PublishSpans | undefined;
}

function createGroupCommit({ store, settings, metrics, health, spans }: GroupCommitParts): GroupCommit {
  const committing = health.databaseActivity('Storing messages');
  const groupCommit = new GroupCommit({
    store,
    limits: settings.groupCommit,
    startSpan: spans?.startCommit,
    onCommit: (report) => {
      metrics.countCommit(report);
      noteOutcome(committing, report.error);
    },
  });
  metrics.showWaiting(() => groupCommit.waiting(), settings.groupCommit);
  return groupCommit;
}

function noteOutcome(activity: ActivityHealth, error: unknown): void {
  if (error === undefined) activity.worked();
  else activity.failed(error);
}

type OnMoved = (moved: MovedMessages) => void;

interface MovedListenerParts extends Pick<WorkerParts, 'logger' | 'metrics'> {
  readonly publishHints: PublishHints;
  readonly memberNotice: RepeatedTask;
}

/** Publishes the hints of everything that left the outbox. Nobody waits for them: the relays find what has no hint. */
function createMovedListener({ logger, metrics, publishHints, memberNotice }: MovedListenerParts): OnMoved {
  return ({ messages, epoch, membersPosition, refusedJoins }) => {
    metrics.countMoved(messages.length);
    if (messages.length > 0) void publishHints(messages, epoch); // never rejects
    if (membersPosition !== undefined) memberNotice.runNow();
    metrics.countRefusedJoins(refusedJoins.length);
    for (const join of refusedJoins) {
      logger.error({ ...join }, 'A join by SQL was dropped: the client is in too many groups');
    }
  };
}

interface MemberCommitParts extends WorkerParts {
  readonly memberNotice: RepeatedTask;
  readonly onMoved: OnMoved;
}

function createMemberCommit(parts: MemberCommitParts): MemberCommit {
  const { store, settings, health, memberNotice, onMoved } = parts;
  const changing = health.databaseActivity('Changing members');
  return new MemberCommit({
    store,
    deadlineMs: settings.groupCommit.deadlineMs,
    onChanged: ({ position, moved }) => {
      changing.worked();
      if (position !== undefined) memberNotice.runNow();
      moved.forEach(onMoved);
    },
    onError: (error) => {
      changing.failed(error);
    },
  });
}

interface OutboxMoverParts extends WorkerParts {
  readonly onMoved: OnMoved;
}

function createMover(parts: OutboxMoverParts): RepeatedTask | undefined {
  const { outbox, settings, logger, metrics, health, onMoved } = parts;
  if (outbox === undefined) return undefined;
  outbox.onMoved(onMoved);
  outbox.onSetAside((row) => {
    metrics.countSetAside(1);
    logger.error({ ...row }, 'An invalid message published by SQL was moved from outbox to outbox_refused');
  });
  const moving = health.databaseActivity('Moving messages published by SQL');
  return createOutboxMover({
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

function createRetention(parts: WorkerParts): RepeatedTask | undefined {
  const { trimmer, settings, logger, metrics, health } = parts;
  if (trimmer === undefined || settings.retention === undefined) return undefined;
  const deleting = health.databaseActivity('Deleting old messages');
  return createLogRetention({
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

function createDepartures({ trimmer, health }: WorkerParts): RepeatedTask | undefined {
  if (trimmer === undefined) return undefined;
  const deleting = health.databaseActivity('Deleting old departures of members');
  return createForgetDepartures({
    store: trimmer,
    onPass: () => {
      deleting.worked();
    },
    onError: (error) => {
      deleting.failed(error);
    },
  });
}
