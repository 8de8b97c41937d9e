import type { MessageStore } from '@postline/message-store';
import type { MessageWay, OperationsPart, OperationsState } from '@postline/protocol';
import { type Distribution, type PartHealth, WorkerCircle } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import type { RelayHealth } from '../metrics/relay-health.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { type MessagePlace, messageWay, readStoredWay, type WayPart } from './message-way.ts';
import { operationsState } from './operations-state.ts';
import { mergeSnapshots, type RelaySnapshot } from './relay-snapshot.ts';
import { Sampler } from './sampler.ts';

interface Sized {
  readonly size: number;
}

/** A follower, as far as its progress matters here. */
interface Following {
  followerOf(targetId: string): { readonly cursor: number } | undefined;
}

export interface OperationsParts {
  readonly store: Pick<MessageStore, 'readLog' | 'readReceipts'>;
  readonly settings: Pick<RelaySettings, 'connectionsMax'>;
  readonly counters: RelayCounters;
  readonly health: Pick<RelayHealth, 'readiness' | 'database' | 'bus'>;
  readonly deliveries: DeliveryLog;
  readonly connections: Sized & { readonly awaitingIdentifyCount: number; all(): Iterable<Following> };
  readonly clients: Sized;
  readonly stalled: Sized;
  readonly feeds: Sized & { readonly groupCount: number };
  readonly acks: Sized;
  readonly queues: { readonly bytes: number };
}

/** What one process of a service asks all of them, so that their steps begin at the same times. */
interface StateQuestion {
  readonly windowSeconds: number;
  readonly nowMs: number;
}

const SECONDS_TO_MS = 1_000;

/** What the operations page shows of this relay, of all processes that share its port. */
export class Operations {
  readonly #parts: OperationsParts;
  readonly #startedAtMs = Date.now();
  readonly #sampler: Sampler;
  readonly #states: WorkerCircle<StateQuestion, RelaySnapshot>;
  readonly #ways: WorkerCircle<MessagePlace, WayPart>;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
    this.#sampler = new Sampler(() => this.#runningTotals());
    this.#states = new WorkerCircle('operations-state', (question) => this.#snapshot(question));
    this.#ways = new WorkerCircle('operations-message', (place) => Promise.resolve(this.#wayPart(place)));
  }

  start(): void {
    this.#sampler.start();
  }

  stop(): void {
    this.#sampler.stop();
    this.#states.leave();
    this.#ways.leave();
  }

  /** The state now, and the timeline of the last seconds. */
  async state(
    windowSeconds: number,
    { mayShow }: { readonly mayShow: (targetId: string) => boolean },
  ): Promise<OperationsState> {
    const nowMs = Date.now();
    const { answers, expected } = await this.#states.ask({ windowSeconds, nowMs });
    const [first, ...others] = answers;
    if (first === undefined) throw new Error('no process answered, not even this one');
    const boundsMs = this.#parts.counters.sendDelays.fromHints.bounds.map((bound) => bound * SECONDS_TO_MS);
    return operationsState({
      snapshot: mergeSnapshots(first, ...others),
      processes: { expected, answered: answers.length },
      ...{ boundsMs, nowMs, mayShow },
    });
  }

  /** The way of one message. Rejects with a StoreUnavailableError if the database does not answer. */
  async wayOf(place: MessagePlace): Promise<MessageWay> {
    const [stored, { answers }] = await Promise.all([
      readStoredWay(this.#parts.store, place),
      this.#ways.ask(place),
    ]);
    return messageWay(place, stored, answers);
  }

  async #snapshot({ windowSeconds, nowMs }: StateQuestion): Promise<RelaySnapshot> {
    const { health, deliveries } = this.#parts;
    const { status, warnings, parts } = await health.readiness.report();
    return {
      startedAtMs: this.#startedAtMs,
      ...{ status, warnings },
      parts: { database: conditionOf(parts['database']), bus: conditionOf(parts['bus']) },
      now: this.#gauges(),
      totals: this.#totals(),
      samples: this.#sampler.steps(windowSeconds, nowMs),
      outages: [...outagesOf('database', health.database), ...outagesOf('bus', health.bus)].toSorted(
        (a, b) => a.beganMs - b.beganMs,
      ),
      gaps: deliveries.gaps(),
    };
  }

  #gauges(): RelaySnapshot['now'] {
    const { connections, settings, clients, stalled, feeds, acks, queues } = this.#parts;
    return {
      connections: connections.size,
      connectionsMax: settings.connectionsMax,
      connectionsAwaitingIdentify: connections.awaitingIdentifyCount,
      connectionsStalled: stalled.size,
      clients: clients.size,
      targets: feeds.size,
      groups: feeds.groupCount,
      acksWaiting: acks.size,
      socketQueuesBytes: queues.bytes,
    };
  }

  #totals(): RelaySnapshot['totals'] {
    const { counters } = this.#parts;
    const { connectionsOpened, messagesSent, hintsLost, gapsRepaired, comparisons, comparisonsFailed } =
      counters;
    const { hintsApplied, hintsOld, hintsEarly, hintsForeign } = counters;
    const hintsReceived = hintsApplied + hintsOld + hintsEarly + hintsForeign;
    return {
      ...{ connectionsOpened, messagesSent, hintsReceived, hintsLost },
      ...{ gapsRepaired, comparisons, comparisonsFailed },
    };
  }

  #runningTotals() {
    const { counters, connections } = this.#parts;
    const { messagesSent, gapsRepaired, comparisons, comparisonsFailed, sendDelays } = counters;
    return {
      connections: connections.size,
      ...{ messagesSent, gapsRepaired, comparisons, comparisonsFailed },
      hintDelays: bucketCounts(sendDelays.fromHints),
      logDelays: bucketCounts(sendDelays.fromLog),
    };
  }

  #wayPart({ targetId, offset }: MessagePlace): WayPart {
    let count = 0;
    let reached = 0;
    for (const connection of this.#parts.connections.all()) {
      const follower = connection.followerOf(targetId);
      if (follower === undefined) continue;
      count += 1;
      if (follower.cursor >= offset) reached += 1;
    }
    return { ...this.#parts.deliveries.wayOf(targetId, offset), followers: { count, reached } };
  }
}

/** How many values each bucket has; the last one, without an upper bound, included. */
function bucketCounts(distribution: Pick<Distribution, 'cumulativeCounts' | 'count'>): readonly number[] {
  const cumulative = [...distribution.cumulativeCounts(), distribution.count];
  return cumulative.map((count, index) => count - (cumulative[index - 1] ?? 0));
}

function conditionOf(
  state: { readonly status: 'up' | 'down'; readonly since: string; readonly reason?: string } | undefined,
): RelaySnapshot['parts'][OperationsPart] {
  if (state === undefined) return { status: 'down', sinceMs: 0 };
  const { status, since, reason } = state;
  return { status, sinceMs: Date.parse(since), ...(reason === undefined ? {} : { reason }) };
}

function outagesOf(part: OperationsPart, { recentOutages }: Pick<PartHealth, 'recentOutages'>) {
  return recentOutages.map(({ began, ended, reason }) => ({
    part,
    beganMs: began.getTime(),
    endedMs: ended?.getTime() ?? null,
    reason,
  }));
}
