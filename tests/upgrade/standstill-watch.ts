const TICK_MS = 100;

/**
 * Measures for how long this process did not run, as on a machine that was suspended or has far too much to do. Time limits
 * of clients, balancers and services that passed meanwhile say nothing about an upgrade.
 */
export class StandstillWatch {
  #longestMs = 0;
  #tickedAtMs = performance.now();
  readonly #timer = setInterval(() => this.#tick(), TICK_MS);

  /** Ends the watch; milliseconds of the longest time in which nothing ran. */
  stop(): number {
    clearInterval(this.#timer);
    this.#tick();
    return Math.round(this.#longestMs);
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#tickedAtMs - TICK_MS);
    this.#tickedAtMs = nowMs;
  }
}
