export interface RepeatedTaskOptions {
  /** One run. Must not reject: a run handles its own errors. */
  readonly run: () => Promise<void>;
  /** Milliseconds from the end of a run to the next one. Left out: the task runs only when it is asked to. */
  readonly intervalMs?: () => number;
}

/**
 * A task that runs again and again, one run at a time. A run that is requested while one is under way follows it, so it
 * sees everything that happened before the request; any number of such requests share one run.
 */
export class RepeatedTask {
  readonly #options: RepeatedTaskOptions;
  #isRequested = false;
  #isRunning = false;
  #isStopped = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = 0;
  #endPause: () => void = () => undefined;

  constructor(options: RepeatedTaskOptions) {
    this.#options = options;
  }

  /** A run of many steps ends early once this is true. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Plans the first run after one interval. */
  start(): void {
    if (this.#options.intervalMs !== undefined) this.runWithin(this.#options.intervalMs());
  }

  /** Runs at once; where a run is under way, once more after it. */
  runNow(): void {
    if (this.#isStopped) return;
    this.#isRequested = true;
    if (!this.#isRunning) this.#running = this.#runWhileRequested();
  }

  /** Runs after `milliseconds`, unless a run is planned earlier. */
  runWithin(milliseconds: number): void {
    const dueAtMs = performance.now() + milliseconds;
    if (this.#isStopped || (this.#timer !== undefined && this.#dueAtMs <= dueAtMs)) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => {
      this.runNow();
    }, milliseconds);
  }

  /** For a run: waits, or less where the task is stopped meanwhile. */
  pause(milliseconds: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** No run begins any more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#endPause();
    await this.#running;
  }

  async #runWhileRequested(): Promise<void> {
    this.#isRunning = true;
    while (this.#takeRequest()) {
      clearTimeout(this.#timer); // a planned run is this one
      this.#timer = undefined;
      await this.#options.run();
    }
    this.#isRunning = false;
    this.start();
  }

  #takeRequest(): boolean {
    const isRequested = this.#isRequested && !this.#isStopped;
    this.#isRequested = false;
    return isRequested;
  }
}
