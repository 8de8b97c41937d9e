import { setTimeout as sleep } from 'node:timers/promises';
import { Sender, type SenderOptions } from './sender.ts';

/** How soon a pause and the end are noticed. */
const PAUSE_STEP_MS = 10;
/** After an outage a crowd is faster than its rate until it has made up for so much; the rest is left out. */
const CATCH_UP_MS_MAX = 1_000;

export interface CrowdOptions extends SenderOptions {
  readonly senders: number;
  /** Requests per second of all together; as fast as they get answers where left out. */
  readonly requestsPerSecond?: number;
}

/** Several senders at once, each waiting for its own answers. */
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

  /** Resolves once every request that was begun is decided. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    while (this.#busy > 0) await sleep(PAUSE_STEP_MS);
  }

  goOn(): void {
    this.#isPaused = false;
  }

  /** Begins nothing new; resolves once everything that was begun is decided. */
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
