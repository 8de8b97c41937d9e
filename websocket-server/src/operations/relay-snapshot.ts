import type {
  OperationsPart,
  OperationsState,
  PartCondition,
  PartOutage,
  RelayGauges,
  RelayTotals,
  RepairedGap,
} from '@postline/protocol';
import { addCounts, addSteps, EMPTY_STEP, type SampleStep, type SampleSteps } from './samples.ts';

/** The state of one process. Sent between the workers of a service. */
export interface RelaySnapshot {
  readonly startedAtMs: number;
  readonly status: OperationsState['status'];
  readonly parts: OperationsState['parts'];
  readonly warnings: readonly string[];
  readonly now: RelayGauges;
  readonly totals: RelayTotals;
  readonly samples: SampleSteps;
  /** Oldest first. */
  readonly outages: readonly PartOutage[];
  readonly gaps: readonly RepairedGap[];
}

const STATUSES: readonly OperationsState['status'][] = ['ready', 'degraded', 'not_ready'];

/** The state of several processes as one: figures are summed, and of conditions the worst one counts. */
export function mergeSnapshots(first: RelaySnapshot, ...others: readonly RelaySnapshot[]): RelaySnapshot {
  return others.reduce(mergeTwo, first);
}

function mergeTwo(a: RelaySnapshot, b: RelaySnapshot): RelaySnapshot {
  return {
    startedAtMs: Math.min(a.startedAtMs, b.startedAtMs),
    status: STATUSES[Math.max(STATUSES.indexOf(a.status), STATUSES.indexOf(b.status))] ?? a.status,
    parts: { database: worseOf('database', a, b), bus: worseOf('bus', a, b) },
    warnings: [...new Set([...a.warnings, ...b.warnings])],
    now: sumOf(a.now, b.now),
    totals: sumOf(a.totals, b.totals),
    samples: mergeSamples(a.samples, b.samples),
    outages: mergeOutages([...a.outages, ...b.outages]),
    gaps: [...a.gaps, ...b.gaps].toSorted((one, other) => one.atMs - other.atMs),
  };
}

function worseOf(part: OperationsPart, a: RelaySnapshot, b: RelaySnapshot): PartCondition {
  const [one, other] = [a.parts[part], b.parts[part]];
  return one.status === 'up' ? other : one;
}

function sumOf<T extends RelayGauges | RelayTotals>(a: T, b: T): T {
  const sums = Object.entries(a).map(([name, value]) => [name, Number(value) + Number(b[name as keyof T])]);
  return Object.fromEntries(sums) as T;
}

/** By their second: a snapshot that was taken a moment later may begin one step later. */
function mergeSamples(a: SampleSteps, b: SampleSteps): SampleSteps {
  const later = a.fromSecond >= b.fromSecond ? a : b;
  const earlier = later === a ? b : a;
  const shift = (later.fromSecond - earlier.fromSecond) / later.stepSeconds;
  const steps = later.steps.map((step, index) =>
    mergeSteps(step, earlier.steps[index + shift] ?? EMPTY_STEP),
  );
  return { ...later, steps };
}

function mergeSteps(a: SampleStep, b: SampleStep): SampleStep {
  const isEmpty = a.connections === null && b.connections === null;
  return addSteps(a, b, isEmpty ? null : (a.connections ?? 0) + (b.connections ?? 0));
}

/** Each process notices an outage by itself, a moment apart: those of one part that overlap are one. */
function mergeOutages(outages: readonly PartOutage[]): readonly PartOutage[] {
  const merged: PartOutage[] = [];
  for (const outage of outages.toSorted((one, other) => one.beganMs - other.beganMs)) {
    const index = merged.findIndex(
      ({ part, endedMs }) => part === outage.part && (endedMs === null || outage.beganMs <= endedMs),
    );
    const before = merged[index];
    if (before === undefined) merged.push(outage);
    else merged[index] = { ...before, endedMs: laterEnd(before.endedMs, outage.endedMs) };
  }
  return merged;
}

function laterEnd(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}

/** All delays of a window, by their bucket. */
export function sumOfDelays(steps: readonly SampleStep[], of: 'hintDelays' | 'logDelays'): readonly number[] {
  return steps.reduce<readonly number[]>((sum, step) => addCounts(sum, step[of]), []);
}
