import { setTimeout as sleep } from 'node:timers/promises';

const POLL_INTERVAL_MS = 20;
const TICK_MS = 100;
/** A busy machine is late by less. */
const STANDSTILL_MS_MIN = 1_000;

/**
 * Waits for a fact: calls `probe` until it returns something other than `undefined` or `false`, and returns that.
 * After `milliseconds` it rejects with the name of the fact; time in which this process stood still, as on a suspended
 * machine, does not count. A probe that throws counts as "not yet".
 */
export async function waitUntil<T>(
  fact: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  milliseconds = 15_000,
): Promise<T> {
  const clock = new RunningClock();
  let lastError: unknown;
  try {
    for (;;) {
      try {
        const value = await probe();
        if (value !== undefined && value !== false) return value;
      } catch (error) {
        lastError = error;
      }
      if (clock.elapsedMs() > milliseconds) {
        throw new Error(`not within ${milliseconds} ms: ${fact}`, { cause: lastError });
      }
      await sleep(POLL_INTERVAL_MS);
    }
  } finally {
    clock.stop();
  }
}

/** Counts the milliseconds in which this process runs. */
class RunningClock {
  readonly #startMs = performance.now();
  #tickedAtMs = performance.now();
  #standstillMs = 0;
  readonly #timer = setInterval(() => this.#tick(), TICK_MS);

  elapsedMs(): number {
    this.#tick();
    return performance.now() - this.#startMs - this.#standstillMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    const sinceTickMs = nowMs - this.#tickedAtMs;
    if (sinceTickMs > STANDSTILL_MS_MIN) this.#standstillMs += sinceTickMs;
    this.#tickedAtMs = nowMs;
  }
}
