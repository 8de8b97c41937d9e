import { type Counted, type Sample, Samples, type SampleSteps } from './samples.ts';

const SECOND_MS = 1_000;

/** What a relay has counted since its start, and its connections now. */
export interface RunningTotals extends Counted {
  readonly connections: number;
  /** Messages by the bucket of their delay. */
  readonly hintDelays: readonly number[];
  readonly logDelays: readonly number[];
}

/** Takes a sample each second. A process that stands still takes none meanwhile. */
export class Sampler {
  readonly #read: () => RunningTotals;
  readonly #samples = new Samples();
  #before: RunningTotals;
  #timer: NodeJS.Timeout | undefined;

  constructor(read: () => RunningTotals) {
    this.#read = read;
    this.#before = read();
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.take(Date.now());
    }, SECOND_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Takes a sample of what was counted since the last one. */
  take(nowMs: number): void {
    const now = this.#read();
    const before = this.#before;
    this.#before = now;
    const sample: Sample = {
      second: Math.floor(nowMs / SECOND_MS),
      connections: now.connections,
      messagesSent: now.messagesSent - before.messagesSent,
      gapsRepaired: now.gapsRepaired - before.gapsRepaired,
      comparisons: now.comparisons - before.comparisons,
      comparisonsFailed: now.comparisonsFailed - before.comparisonsFailed,
      hintDelays: differences(now.hintDelays, before.hintDelays),
      logDelays: differences(now.logDelays, before.logDelays),
    };
    this.#samples.add(sample);
  }

  steps(windowSeconds: number, nowMs: number): SampleSteps {
    return this.#samples.steps(windowSeconds, Math.floor(nowMs / SECOND_MS));
  }
}

const NOTHING: readonly number[] = [];

/** Most seconds of most relays have none: those need no list of their own. */
function differences(now: readonly number[], before: readonly number[]): readonly number[] {
  const all = now.map((count, index) => count - (before[index] ?? 0));
  return all.some((count) => count > 0) ? all : NOTHING;
}
