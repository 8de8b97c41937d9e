/** What does each kind of work cost each process? `npm run simulate` uses these figures, and those of `group` and `workers`. */
import type { Figure } from '../measure/figure.ts';
import { type Measurement, measureLoad } from '../system/measure-load.ts';
import { readBytesPerMessage } from '../system/stored-bytes.ts';
import { measurePublishing } from './measure-publishing.ts';
import { measureSteady } from './steady.ts';
import { reconnectStorm } from './reconnect-storm.ts';
import type { RunConditions, RunOutcome, Workload } from './workload.ts';

const IDLE_CLIENTS = 10_000;
const OPENED_CLIENTS = 4_000;
const ACKING_CLIENTS = 2_000;
const ACKED_PER_SECOND = 1_000;
const KIB_PER_MIB = 1024;

type Part = (conditions: RunConditions) => Promise<Pick<RunOutcome, 'figures' | 'faults'>>;

/** In this order: memory for each connection is measured before anything else has grown the relay. */
const PARTS: readonly (readonly [name: string, part: Part])[] = [
  ['no clients', (conditions) => running({ label: 'none', clients: 1 }, conditions)],
  ['idle clients', (conditions) => running({ label: 'idle', clients: IDLE_CLIENTS }, conditions)],
  [
    'idle sockets of one client',
    (conditions) => running({ label: 'same', clients: IDLE_CLIENTS, sharesOneId: true }, conditions),
  ],
  ['opening', opening],
  ['without acks', (conditions) => running({ ...ACKING, label: 'noack' }, conditions)],
  ['with acks', (conditions) => running({ ...ACKING, label: 'acks', acks: true }, conditions)],
  ['8 publishers', (conditions) => publishing({ publishers: 8, messagesPerRequest: 1 }, conditions)],
  ['64 publishers', (conditions) => publishing({ publishers: 64, messagesPerRequest: 1 }, conditions)],
  ['batches of 100', (conditions) => publishing({ publishers: 32, messagesPerRequest: 100 }, conditions)],
  ['storm', (conditions) => reconnectStorm.run(conditions)],
  ['1 subscriber', (conditions) => hints(1, conditions)],
  ['4 subscribers', (conditions) => hints(4, conditions)],
];

const ACKING = { clients: ACKING_CLIENTS, messagesPerSecond: ACKED_PER_SECOND } as const;

export const unitCosts: Workload = {
  name: 'unit-costs',
  question: 'What does each kind of work cost each process?',
  setting: `one part after the other: ${PARTS.map(([name]) => name).join(', ')}`,
  systems: ['postline'],
  onlyWhenNamed: true,
  run: async (conditions) => {
    const figures: Figure[] = [];
    const faults: string[] = [];
    for (const [name, part] of PARTS) {
      const outcome = await part(conditions);
      figures.push(
        ...outcome.figures.map((figure) => ({ ...figure, name: `${name}: ${figure.name.trim()}` })),
      );
      faults.push(...outcome.faults.map((fault) => `${name}: ${fault}`));
    }
    const bytes = await readBytesPerMessage(conditions.system.databaseServerUrl);
    figures.push({ name: 'rows: stored', unit: 'bytes a message', value: bytes });
    return { figures, faults, profiles: [] };
  },
};

async function running(
  settings: Parameters<typeof measureSteady>[0],
  conditions: RunConditions,
): ReturnType<Part> {
  const { result, measurement } = await measureSteady(settings, conditions);
  const perSecond = (count: number) => (1_000 * count) / measurement.elapsedMs;
  return {
    faults: result.faults,
    figures: [
      { name: 'messages', unit: 'per s', value: perSecond(result.messages) },
      { name: 'acks', unit: 'per s', value: perSecond(result.acks) },
      ...cpuFigures(measurement, measurement.elapsedMs / 1_000, 'ms CPU per s'),
      ...residentFigures(measurement),
      ...commitFigures(measurement, result.messages),
    ],
  };
}

async function opening(conditions: RunConditions): ReturnType<Part> {
  const settings = { label: 'open', clients: OPENED_CLIENTS, measures: 'opening' } as const;
  const { result, measurement } = await measureSteady(settings, conditions);
  return {
    faults: result.faults,
    figures: cpuFigures(measurement, OPENED_CLIENTS / 1_000, 'ms CPU per 1,000'),
  };
}

interface Publishing {
  readonly publishers: number;
  readonly messagesPerRequest: number;
}

const RUNS_APART = 100;

async function publishing({ publishers, messagesPerRequest }: Publishing, conditions: RunConditions) {
  // Each part publishes to the same targets, so its texts need a number of their own.
  const runNumber = publishers + RUNS_APART * conditions.runNumber;
  return await measurePublishing(
    { pace: { kind: 'closed-loop', publishers }, messagesPerRequest },
    { ...conditions, runNumber },
  );
}

async function hints(subscribers: number, { system, cores, warmUpSeconds, measureSeconds }: RunConditions) {
  const { result, measurement } = await measureLoad({
    system,
    cores,
    job: { kind: 'hints', redisUrl: system.redisUrl, subscribers, warmUpSeconds, measureSeconds },
  });
  return {
    faults: result.faults,
    figures: cpuFigures(measurement, result.hints / 1_000, 'ms CPU per 1,000'),
  };
}

function cpuFigures({ cpuMs }: Measurement, units: number, unit: string): Figure[] {
  return [...cpuMs].map(([role, milliseconds]) => ({ name: role, unit, value: milliseconds / units }));
}

function residentFigures({ memoryAfter }: Measurement): Figure[] {
  return [...memoryAfter].map(([role, { residentMib }]) => ({
    name: `${role} resident`,
    unit: 'KiB',
    value: residentMib * KIB_PER_MIB,
  }));
}

function commitFigures({ metricCount, databaseCount }: Measurement, messages: number): Figure[] {
  const commits = metricCount('api-server', 'postline_commit_seconds_count');
  if (messages === 0 || commits === 0) return [];
  const seconds = metricCount('api-server', 'postline_commit_seconds_sum');
  return [
    { name: 'rows in a commit', unit: '', value: messages / commits },
    { name: 'a commit', unit: 'ms', value: (1_000 * seconds) / commits },
    {
      name: 'log written',
      unit: 'bytes a message',
      value: databaseCount('Innodb_os_log_written') / messages,
    },
  ];
}
