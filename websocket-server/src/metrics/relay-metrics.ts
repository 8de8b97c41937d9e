import {
  Counter,
  createMetricsRegistry,
  Gauge,
  type LabelledDistribution,
  type MemoryBudget,
  type MetricsRegistry,
  showDistributions,
  showHealth,
  showMemory,
} from '@postline/service-runtime';
import type { RelayCounters } from './relay-counters.ts';
import type { RelayHealth } from './relay-health.ts';

export interface RelayMetricsSources {
  readonly counters: RelayCounters;
  readonly connections: Sized & { readonly awaitingIdentifyCount: number };
  readonly clients: Sized;
  readonly stalled: Sized;
  readonly feeds: Sized;
  readonly acks: Sized;
  readonly queues: { readonly bytes: number };
  readonly health: Pick<RelayHealth, 'database' | 'bus'>;
  readonly memory: Pick<MemoryBudget, 'bytes' | 'bytesMax'>;
  readonly limits: { readonly connectionsMax: number };
}

interface Sized {
  readonly size: number;
}

interface Figure {
  readonly name: string;
  readonly help: string;
  readonly read: () => number;
}

/** The relay's metrics for Prometheus, read from its counters on demand. */
export function createRelayMetrics(sources: RelayMetricsSources): MetricsRegistry {
  const registry = createMetricsRegistry('websocket-server');
  const registers = [registry];
  for (const { name, help, read } of gauges(sources)) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }
  for (const { name, help, read } of totals(sources.counters)) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
  addLabelledTotals(registry, sources.counters);
  addDistributions(registry, sources.counters);
  showHealth(registry, sources.health);
  showMemory(registry, sources.memory);
  return registry;
}

function gauges(sources: RelayMetricsSources): Figure[] {
  const { connections, clients, stalled, feeds, acks, queues, limits } = sources;
  return [
    { name: 'postline_connections', help: 'Open connections.', read: () => connections.size },
    {
      name: 'postline_connections_limit',
      help: 'Bound of postline_connections; further upgrades are refused with 503.',
      read: () => limits.connectionsMax,
    },
    {
      name: 'postline_clients',
      help: 'Clients with at least one connection to this relay.',
      read: () => clients.size,
    },
    {
      name: 'postline_connections_awaiting_identify',
      help: 'Connections that have not identified yet.',
      read: () => connections.awaitingIdentifyCount,
    },
    {
      name: 'postline_connections_stalled',
      help: 'Connections whose socket is full.',
      read: () => stalled.size,
    },
    {
      name: 'postline_socket_queues_bytes',
      help: 'Bytes that wait in sockets whose client reads slowly or not at all.',
      read: () => queues.bytes,
    },
    { name: 'postline_feeds', help: 'Targets that are followed on this relay.', read: () => feeds.size },
    { name: 'postline_acks_waiting', help: 'Readers whose ack is not stored yet.', read: () => acks.size },
  ];
}

function totals(counters: RelayCounters): Figure[] {
  const total = (name: string, help: string, read: () => number): Figure => ({
    name: `postline_${name}_total`,
    help,
    read,
  });
  return [
    total('connections_opened', 'Connections opened.', () => counters.connectionsOpened),
    total('messages_sent', 'Messages handed to sockets.', () => counters.messagesSent),
    total(
      'truncations_sent',
      'Holes in a log that were reported to clients.',
      () => counters.truncationsSent,
    ),
    total('log_pages_read', 'Pages of backlog read.', () => counters.logPagesRead),
    total('gaps_repaired', 'Heads moved by the database, not by a hint.', () => counters.gapsRepaired),
    total(
      'hints_lost',
      'Messages found by a comparison whose hint did not arrive.',
      () => counters.hintsLost,
    ),
    total('head_comparisons', 'Comparisons of heads with the database.', () => counters.comparisons),
    total(
      'head_comparisons_failed',
      'Comparisons that the database did not answer.',
      () => counters.comparisonsFailed,
    ),
    total('acks_kept', 'Acks accepted for storing.', () => counters.acksKept),
    total('acks_dropped', 'Acks dropped because too many waited.', () => counters.acksDropped),
    total('ack_writes', 'Statements that stored acks.', () => counters.ackWrites),
  ];
}

function addLabelledTotals(registry: MetricsRegistry, counters: RelayCounters): void {
  const registers = [registry];
  new Counter({
    name: 'postline_hints_received_total',
    help: 'Hints by what became of them.',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      this.inc({ outcome: 'applied' }, counters.hintsApplied);
      this.inc({ outcome: 'old' }, counters.hintsOld);
      this.inc({ outcome: 'early' }, counters.hintsEarly);
      this.inc({ outcome: 'foreign' }, counters.hintsForeign);
    },
  });
  const labelled = [
    ['connections_closed', 'Connections closed, by close code.', 'code', counters.closesByCode],
    ['upgrades_refused', 'Upgrades refused, by reason.', 'reason', counters.refusalsByReason],
    [
      'history_checks',
      'Checks with the server that takes the writes whether history has changed, by result.',
      'outcome',
      counters.historyChecksByOutcome,
    ],
    ['token_checks', 'Tokens of clients checked, by outcome.', 'outcome', counters.tokenChecksByOutcome],
  ] as const;
  for (const [name, help, label, counts] of labelled) {
    new Counter({
      name: `postline_${name}_total`,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, count] of counts) this.inc({ [label]: value }, count);
      },
    });
  }
}

function addDistributions(registry: MetricsRegistry, { sendDelays, identifyBacklogs }: RelayCounters): void {
  const bySource: readonly LabelledDistribution[] = [
    [{ source: 'hint' }, sendDelays.fromHints],
    [{ source: 'log' }, sendDelays.fromLog],
  ];
  showDistributions(registry, {
    name: 'postline_publish_to_send_seconds',
    help: 'Time from the creation of a message (clock of the database) until it was written to a connection that was open all along, by where the relay had it from: its hint, or the log in the database.',
    read: () => bySource,
  });
  showDistributions(registry, {
    name: 'postline_identify_backlog_messages',
    help: 'Messages that a client had to catch up with when it identified.',
    read: () => [[{}, identifyBacklogs]],
  });
}
