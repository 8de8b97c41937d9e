import {
  Counter,
  createDistribution,
  Distribution,
  Gauge,
  type MetricsRegistry,
  showDistributions,
} from '@postline/service-runtime';
import type { CommitLaneLimits, CommitReport } from '../publishing/commit-lane.ts';
import type { WaitingFigures } from '../publishing/group-commit.ts';
import type { PublishOutcome } from '../publishing/publish-message.ts';
import { createTally, type Tally } from './tally.ts';

/** From an answer from memory to the deadline of a publish. */
const SECONDS_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** From a single request to the largest batch. */
const BATCH_BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/** A request that was answered or cut off. */
interface RequestFigures {
  readonly route: string;
  readonly method: string;
  /** The status, or `cut_off`. */
  readonly code: string;
  readonly milliseconds: number;
}

type WaitingLimits = Pick<CommitLaneLimits, 'waitingRequestsMax'>;

/** The metrics of this service. */
export interface ApiMetrics {
  countRequest(figures: RequestFigures): void;
  /** `publisher` is a name from PUBLISH_KEYS; empty in open mode. */
  countPublish(outcome: PublishOutcome, publisher: string): void;
  countHints(hints: number, failed: boolean): void;
  countCommit(report: CommitReport): void;
  countMoved(messages: number): void;
  countSetAside(messages: number): void;
  countDeleted(messages: number): void;
  countRefusedJoins(joins: number): void;
  /** Shows the requests that wait for a commit, and how many may. They are read when the metrics are collected. */
  showWaiting(waiting: () => WaitingFigures, limits: WaitingLimits): void;
}

export function createApiMetrics(registry: MetricsRegistry): ApiMetrics {
  const distribution = (name: string, help: string, bounds: readonly number[]) =>
    createDistribution(registry, { name, help, bounds });
  const publishes = createTally(registry, {
    name: 'postline_publishes_total',
    help: 'Publish requests by outcome.',
    labelNames: ['outcome'],
  });
  const messages = createTally(registry, {
    name: 'postline_published_messages_total',
    help: 'Messages answered 201; replayed ones had been stored before.',
    labelNames: ['status', 'replayed'],
  });
  const messagesByPublisher = createPublisherTally(registry);
  const hints = createTally(registry, {
    name: 'postline_hints_published_total',
    help: 'Hints that Redis took (sent) or did not take in time (failed).',
    labelNames: ['outcome'],
  });
  const requests = createTally(registry, {
    name: 'postline_http_requests_total',
    help: 'HTTP requests by route, method and status.',
    labelNames: ['route', 'method', 'code'],
  });
  const requestSeconds = createRouteDurations(registry);
  const commitRequests = distribution(
    'postline_commit_requests',
    'Publishes that shared a commit.',
    BATCH_BOUNDS,
  );
  const commitMessages = distribution('postline_commit_messages', 'Messages in one commit.', BATCH_BOUNDS);
  const commitSeconds = distribution('postline_commit_seconds', 'Duration of a commit.', SECONDS_BOUNDS);
  const countFailedCommits = createPlainCounter(registry, {
    name: 'postline_commits_failed_total',
    help: 'Commits that the database refused or did not answer in time.',
  });

  return {
    countRequest: ({ route, method, code, milliseconds }) => {
      requests.add(1, route, method, code);
      requestSeconds(route).add(milliseconds / 1_000);
    },
    countPublish: (outcome, publisher) => {
      publishes.add(1, outcome.kind);
      if (outcome.kind !== 'published') return;
      if (publisher !== '') messagesByPublisher.add(outcome.messages.length, publisher);
      const status = outcome.messages[0]?.status ?? 'sent'; // that of all messages of a request
      const replayed = outcome.messages.filter((message) => message.replayed).length;
      const stored = outcome.messages.length - replayed;
      if (stored > 0) messages.add(stored, status, 'false');
      if (replayed > 0) messages.add(replayed, status, 'true');
    },
    countHints: (count, failed) => {
      hints.add(count, failed ? 'failed' : 'sent');
    },
    countCommit: (report) => {
      commitRequests.add(report.requests);
      commitMessages.add(report.messages);
      commitSeconds.add(report.milliseconds / 1_000);
      if (report.error !== undefined) countFailedCommits(1);
    },
    ...createPlainCounters(registry),
    showWaiting: (waiting, limits) => {
      registerWaiting(registry, waiting, limits);
    },
  };
}

/** The durations of requests by route; the number of routes is small. */
function createRouteDurations(registry: MetricsRegistry): (route: string) => Distribution {
  const byRoute = new Map<string, Distribution>();
  showDistributions(registry, {
    name: 'postline_http_request_seconds',
    help: 'Duration of HTTP requests by route.',
    read: () => Array.from(byRoute, ([route, durations]) => [{ route }, durations] as const),
  });
  return (route) => {
    const known = byRoute.get(route);
    if (known !== undefined) return known;
    const durations = new Distribution(SECONDS_BOUNDS);
    byRoute.set(route, durations);
    return durations;
  };
}

/** PUBLISH_KEYS bounds the number of names. */
function createPublisherTally(registry: MetricsRegistry): Tally {
  return createTally(registry, {
    name: 'postline_publisher_messages_total',
    help: 'Messages answered 201 by the name of the publisher in PUBLISH_KEYS.',
    labelNames: ['publisher'],
  });
}

function createPlainCounters(
  registry: MetricsRegistry,
): Pick<ApiMetrics, 'countMoved' | 'countSetAside' | 'countDeleted' | 'countRefusedJoins'> {
  return {
    countMoved: createPlainCounter(registry, {
      name: 'postline_moved_messages_total',
      help: 'Messages published by SQL that this API moved to their logs.',
    }),
    countSetAside: createPlainCounter(registry, {
      name: 'postline_set_aside_messages_total',
      help: 'Invalid rows of the outbox that this API moved to the table outbox_refused.',
    }),
    countDeleted: createPlainCounter(registry, {
      name: 'postline_deleted_messages_total',
      help: 'Messages that this API deleted by the retention rule.',
    }),
    countRefusedJoins: createPlainCounter(registry, {
      name: 'postline_joins_refused_total',
      help: 'Joins by SQL that were dropped because the client was in too many groups.',
    }),
  };
}

function createPlainCounter(
  registry: MetricsRegistry,
  { name, help }: { readonly name: string; readonly help: string },
): (count: number) => void {
  const counter = new Counter({ name, help, registers: [registry] });
  return (count) => {
    counter.inc(count);
  };
}

/** The gauges read the figures when the metrics are collected, so that nothing is counted twice. */
function registerWaiting(
  registry: MetricsRegistry,
  waiting: () => WaitingFigures,
  { waitingRequestsMax }: WaitingLimits,
): void {
  const gauges: [name: string, help: string, read: (figures: WaitingFigures) => number][] = [
    ['postline_commit_waiting_requests', 'Publishes without an outcome.', ({ requests }) => requests],
    [
      'postline_commit_waiting_limit_requests',
      'Bound of postline_commit_waiting_requests; more are answered 503.',
      () => waitingRequestsMax,
    ],
    ['postline_commit_waiting_bytes', 'Bytes of publishes without an outcome.', ({ bytes }) => bytes],
    [
      'postline_commit_contended_requests',
      'Publishes that wait for a target held by another transaction.',
      ({ contendedRequests }) => contendedRequests,
    ],
  ];
  for (const [name, help, read] of gauges) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(waiting()));
      },
    });
  }
}
