import { setTimeout as sleep } from 'node:timers/promises';
import { Sender, type SenderOptions } from './sender.ts';

/** How soon senders notice a pause or the end. */
const PAUSE_STEP_MS = 10;
/** After an outage, a crowd exceeds its rate until it has made up this much time. The rest is skipped. */
const CATCH_UP_MS_MAX = 1_000;

export interface CrowdOptions extends SenderOptions {
  readonly senders: number;
  /** Requests per second of all senders together. If omitted, each sends as soon as it gets an answer. */
  readonly requestsPerSecond?: number;
}

/** Several senders at once. Each waits for its own answers. */
export class SenderCrowd {
  readonly #options: CrowdOptions;
  #isPaused = false;
  #isStopped = false;
  #busy = 0;
  readonly #loops: Promise<void>[];

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#loops = Array.from({ length: options.senders }, (_, index) => this.#run(`sender ${index}`));
  }

  /** Resolves when all requests that were begun are decided. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    while (this.#busy > 0) await sleep(PAUSE_STEP_MS);
  }

  goOn(): void {
    this.#isPaused = false;
  }

  /** Begins no more requests. Resolves when all that were begun are decided. */
  async finish(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
  }

  async #run(name: string): Promise<void> {
    const { senders, requestsPerSecond = Infinity, random } = this.#options;
    const own = random.fork(name);
    const sender = new Sender({ ...this.#options, random: own });
    const meanGapMs = (senders * 1_000) / requestsPerSecond;
    let dueAt = performance.now() + own.next() * meanGapMs;
    while (!this.#isStopped) {
      const waitMs = this.#isPaused ? PAUSE_STEP_MS : dueAt - performance.now();
      if (waitMs > 0) {
        await sleep(Math.min(waitMs, PAUSE_STEP_MS));
        continue;
      }
      this.#busy += 1;
      await sender.sendAny();
      this.#busy -= 1;
      dueAt = Math.max(dueAt + 2 * own.next() * meanGapMs, performance.now() - CATCH_UP_MS_MAX);
    }
  }
}
