import { Ring } from './ring.ts';

/** Samples that are kept: an hour. */
const SECONDS_KEPT = 3_600;

/** Steps of a timeline: as many as a picture has room for. */
const STEPS_MAX = 180;

/** What was counted since the sample before. */
export interface Counted {
  readonly messagesSent: number;
  readonly gapsRepaired: number;
  readonly comparisons: number;
  readonly comparisonsFailed: number;
}

export interface Sample extends Counted {
  /** Since 1970. */
  readonly second: number;
  readonly connections: number;
  /** Messages by the bucket of their delay. */
  readonly hintDelays: readonly number[];
  readonly logDelays: readonly number[];
}

/** Samples of several seconds, together. Sent between the workers of a service. */
export interface SampleStep extends Counted {
  /** Null if there was no sample. */
  readonly connections: number | null;
  readonly hintDelays: readonly number[];
  readonly logDelays: readonly number[];
}

/** Steps of equal length, the last one ended. Those of several processes begin at the same times. */
export interface SampleSteps {
  readonly fromSecond: number;
  readonly stepSeconds: number;
  readonly steps: readonly SampleStep[];
}

export const EMPTY_STEP: SampleStep = {
  connections: null,
  messagesSent: 0,
  gapsRepaired: 0,
  comparisons: 0,
  comparisonsFailed: 0,
  hintDelays: [],
  logDelays: [],
};

/** The samples of the last hour, one for each second. */
export class Samples {
  readonly #samples = new Ring<Sample>(SECONDS_KEPT);

  add(sample: Sample): void {
    this.#samples.push(sample);
  }

  /** The steps of the last `windowSeconds` before a time. */
  steps(windowSeconds: number, nowSecond: number): SampleSteps {
    const stepSeconds = Math.ceil(windowSeconds / STEPS_MAX);
    const untilSecond = Math.floor(nowSecond / stepSeconds) * stepSeconds;
    const count = Math.ceil(windowSeconds / stepSeconds);
    const fromSecond = untilSecond - count * stepSeconds;
    const steps = Array<SampleStep>(count).fill(EMPTY_STEP);
    for (const sample of this.#samples) {
      const index = Math.floor((sample.second - fromSecond) / stepSeconds);
      const step = steps[index];
      if (step !== undefined) steps[index] = addSteps(step, sample, sample.connections);
    }
    return { fromSecond, stepSeconds, steps };
  }
}

/** Two steps as one, with this number of connections. */
export function addSteps(a: SampleStep, b: SampleStep, connections: number | null): SampleStep {
  return {
    connections,
    messagesSent: a.messagesSent + b.messagesSent,
    gapsRepaired: a.gapsRepaired + b.gapsRepaired,
    comparisons: a.comparisons + b.comparisons,
    comparisonsFailed: a.comparisonsFailed + b.comparisonsFailed,
    hintDelays: addCounts(a.hintDelays, b.hintDelays),
    logDelays: addCounts(a.logDelays, b.logDelays),
  };
}

/** Adds numbers by their index; a shorter list counts as one that ends in zeros. */
export function addCounts(a: readonly number[], b: readonly number[]): readonly number[] {
  const longer = a.length >= b.length ? a : b;
  const shorter = longer === a ? b : a;
  return longer.map((count, index) => count + (shorter[index] ?? 0));
}
