/** What the workloads that publish message by message have in common: the same recipients, and the same figures. */
import type { Pace, PublishResult } from '../load/load-job.ts';
import type { Figure } from '../measure/figure.ts';
import { type Measurement, measureLoad } from '../system/measure-load.ts';
import { isPeer } from '../system/peer-systems.ts';
import { costFigures, memoryFigures } from './cost-figures.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { RunConditions, RunOutcome } from './workload.ts';

export const RECIPIENTS = 1_000;
export const MESSAGE_BYTES = 64;

/** What a workload has published, to 1,000 recipients: `npm run bench:beside` uses it too. */
export interface PublishingLoad {
  readonly pace: Pace;
  readonly messagesPerRequest: number;
}

export interface PublishingOptions {
  readonly pace: Pace;
  readonly recipients?: number;
  readonly messagesPerRequest?: number;
  /** Afterwards also listen to the hints on Redis, and separate the time before them from the time after them. */
  readonly withStations?: boolean;
}

/** Publishes at a pace, and returns the figures; by default single messages to 1,000 recipients. */
export async function measurePublishing(
  { pace, recipients = RECIPIENTS, messagesPerRequest = 1, withStations = false }: PublishingOptions,
  conditions: RunConditions,
): Promise<RunOutcome> {
  const { system, cores, profilePath } = conditions;
  const { result, measurement } = await measureLoad({
    system,
    cores,
    profilePath,
    job: {
      kind: 'publish',
      system: systemUnderLoad(system),
      recipients,
      messagesPerRequest,
      messageBytes: MESSAGE_BYTES,
      pace,
      ...(withStations && !isPeer(system.kind) ? { hintsUrl: system.redisUrl } : {}),
      warmUpSeconds: conditions.warmUpSeconds,
      measureSeconds: conditions.measureSeconds,
      label: `r${String(conditions.runNumber).padStart(3, '0')}`,
    },
  });
  return {
    faults: result.faults,
    profiles: measurement.profiles,
    figures: [
      ...speedFigures(result),
      ...stationFigures(result),
      ...costFigures(measurement, result.accepted),
      ...memoryFigures(measurement),
      ...(isPeer(system.kind) ? [] : countFigures(result, measurement)),
    ],
  };
}

function speedFigures({
  accepted,
  delivered,
  windowMs,
  arrivalMs,
  answerMs,
  lateP99Ms,
}: PublishResult): Figure[] {
  return [
    { name: 'accepted', unit: 'per s', value: (1_000 * accepted) / windowMs },
    { name: 'delivered', unit: 'per s', value: (1_000 * delivered) / windowMs },
    { name: 'send to arrival p50', unit: 'ms', value: arrivalMs.p50 },
    { name: 'send to arrival p99', unit: 'ms', value: arrivalMs.p99 },
    { name: 'send to answer p50', unit: 'ms', value: answerMs.p50 },
    { name: 'send to answer p99', unit: 'ms', value: answerMs.p99 },
    { name: 'sent late by the generator p99', unit: 'ms', value: lateP99Ms },
  ];
}

function stationFigures({ stations }: PublishResult): Figure[] {
  if (stations === undefined) return [];
  const { sendToHintMs, hintToArrivalMs } = stations;
  return [
    { name: 'send to hint on Redis p50', unit: 'ms', value: sendToHintMs.p50 },
    { name: 'send to hint on Redis p99', unit: 'ms', value: sendToHintMs.p99 },
    { name: 'hint to arrival p50', unit: 'ms', value: hintToArrivalMs.p50 },
    { name: 'hint to arrival p99', unit: 'ms', value: hintToArrivalMs.p99 },
  ];
}

function countFigures({ storedOnly, accepted }: PublishResult, measurement: Measurement): Figure[] {
  const { databaseCount, metricCount } = measurement;
  const commits = databaseCount('Com_commit');
  const relay = (name: string, label?: string) => metricCount('websocket-server', name, label);
  return [
    { name: 'rows in a commit', unit: '', value: accepted / commits },
    { name: 'statements in a commit', unit: '', value: databaseCount('Questions') / commits },
    { name: 'syncs to disk in a commit', unit: '', value: databaseCount('Innodb_data_fsyncs') / commits },
    {
      name: 'pages that the database read from files',
      unit: 'per 1,000',
      value: (1_000 * databaseCount('Innodb_buffer_pool_reads')) / accepted,
    },
    { name: 'answered "stored"', unit: 'messages', value: storedOnly },
    {
      name: 'hints that came early',
      unit: 'in the run',
      value: relay('postline_hints_received_total', 'outcome="early"'),
    },
    { name: 'pages read from the log', unit: 'in the run', value: relay('postline_log_pages_read_total') },
  ];
}
