import type { LogTrimmer, RetentionRule } from '@postline/message-store';
import { StoppableLoop } from './stoppable-loop.ts';

export interface LogRetentionOptions {
  readonly trimmer: LogTrimmer;
  readonly rule: RetentionRule;
  /** Milliseconds between two passes over all targets. */
  readonly intervalMs: number;
  /** Reports the messages deleted by each pass; those deleted by another API are not counted. */
  readonly onPass?: (deletedCount: number) => void;
  readonly onError?: (error: unknown) => void;
}

/** Leaves the database to the publishers most of the time, even while there is much to delete. */
const STEP_PAUSE_MS = 20;

/** Spreads the passes of several APIs that were started together. */
const JITTER_SHARE = 0.2;

/** Deletes messages by the retention rule, periodically and in small steps, one API at a time. */
export class LogRetention {
  readonly #options: LogRetentionOptions;
  readonly #loop = new StoppableLoop(() => this.#passAfterPause());

  constructor(options: LogRetentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop.start();
  }

  /** Resolves when the current step has ended. */
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
      if (step.kind === 'busy') break; // another API is deleting, and passes over all targets
      deletedCount += step.deletedCount;
      after = step.nextAfter;
      if (after !== undefined) await this.#loop.pause(STEP_PAUSE_MS);
    }
    return deletedCount;
  }
}
