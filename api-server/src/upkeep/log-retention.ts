import type { LogTrimmer, RetentionRule } from '@postline/message-store';
import { StoppableLoop } from './stoppable-loop.ts';

export interface LogRetentionOptions {
  readonly trimmer: LogTrimmer;
  readonly rule: RetentionRule;
  /** Milliseconds between two passes through all targets. */
  readonly intervalMs: number;
  /** Told how many messages a pass deleted; another API's work is not counted. */
  readonly onPass?: (deletedCount: number) => void;
  readonly onError?: (error: unknown) => void;
}

/** Leaves the database to the publishers for most of the time, also while there is a lot to delete. */
const STEP_PAUSE_MS = 20;

/** Passes of several APIs that were started together drift apart. */
const JITTER_SHARE = 0.2;

/** Deletes, over and over, what the retention rule gives up: in small steps, one API at a time. */
export class LogRetention {
  readonly #options: LogRetentionOptions;
  readonly #loop = new StoppableLoop(() => this.#passAfterPause());

  constructor(options: LogRetentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop.start();
  }

  /** Resolves once nothing is under way any more. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #passAfterPause(): Promise<void> {
    const { intervalMs, onPass, onError } = this.#options;
    await this.#loop.pause(intervalMs * (1 - JITTER_SHARE * Math.random()));
    try {
      onPass?.(await this.#passThroughAll());
    } catch (error) {
      onError?.(error);
    }
  }

  async #passThroughAll(): Promise<number> {
    const { trimmer, rule } = this.#options;
    let deletedCount = 0;
    for (let after: string | undefined = ''; after !== undefined && !this.#loop.isStopped; ) {
      const step = await trimmer.deleteOldest({ ...rule, afterTargetId: after });
      if (step.kind === 'busy') break; // another API is at it, and goes through all of them
      deletedCount += step.deletedCount;
      after = step.nextAfter;
      if (after !== undefined) await this.#loop.pause(STEP_PAUSE_MS);
    }
    return deletedCount;
  }
}
