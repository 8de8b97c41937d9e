import type { OperationsState, Timeline } from '@postline/protocol';
import { VERSION } from '@postline/service-runtime';
import { delayPercentile } from './delay-percentile.ts';
import { type RelaySnapshot, sumOfDelays } from './relay-snapshot.ts';
import { addCounts, type SampleSteps } from './samples.ts';

/** Outages and gaps in one answer; a page shows no more. */
const SHOWN_OUTAGES_MAX = 50;
const SHOWN_GAPS_MAX = 50;

const SECOND_MS = 1_000;

export interface StateParts {
  readonly snapshot: RelaySnapshot;
  readonly processes: OperationsState['processes'];
  /** Upper bounds of the delays' buckets, in ms. */
  readonly boundsMs: readonly number[];
  readonly nowMs: number;
  /** Gaps of other targets are left out. */
  readonly mayShow: (targetId: string) => boolean;
}

/** What the operations page shows. */
export function operationsState({
  snapshot,
  processes,
  boundsMs,
  nowMs,
  mayShow,
}: StateParts): OperationsState {
  const { samples, outages, gaps, ...same } = snapshot;
  const { steps } = samples;
  const padded = (counts: readonly number[]) => addCounts(counts, Array<number>(boundsMs.length + 1).fill(0));
  return {
    ...same,
    version: VERSION,
    nowMs,
    processes,
    timeline: timelineOf(samples, boundsMs),
    delays: {
      boundsMs,
      fromHints: padded(sumOfDelays(steps, 'hintDelays')),
      fromLog: padded(sumOfDelays(steps, 'logDelays')),
    },
    outages: outages.slice(-SHOWN_OUTAGES_MAX).toReversed(),
    gaps: gaps
      .filter(({ targetId }) => mayShow(targetId))
      .slice(-SHOWN_GAPS_MAX)
      .toReversed(),
  };
}

function timelineOf({ fromSecond, stepSeconds, steps }: SampleSteps, bounds: readonly number[]): Timeline {
  const delays = steps.map(({ hintDelays, logDelays }) => addCounts(hintDelays, logDelays));
  const percentiles = (share: number) => delays.map((counts) => delayPercentile(counts, { bounds, share }));
  return {
    fromMs: fromSecond * SECOND_MS,
    stepMs: stepSeconds * SECOND_MS,
    connections: steps.map(({ connections }) => connections),
    messagesSent: steps.map(({ messagesSent }) => messagesSent),
    gapsRepaired: steps.map(({ gapsRepaired }) => gapsRepaired),
    comparisons: steps.map(({ comparisons }) => comparisons),
    comparisonsFailed: steps.map(({ comparisonsFailed }) => comparisonsFailed),
    delayMedianMs: percentiles(0.5),
    delayP99Ms: percentiles(0.99),
  };
}
