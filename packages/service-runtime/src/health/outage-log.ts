import type { Logger } from '../logging/logger.ts';
import type { FaultReason } from './fault-reason.ts';

/** Kinds of reason come from a fixed table or from a driver's codes; an outage with more of them is one that varies. */
const KINDS_MAX = 20;

export interface OutageLogOptions {
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** On every line. */
  readonly fields?: object;
  /** The line for an outage. */
  readonly describe: (reason: string) => string;
  /** The line for its end. */
  readonly over: string;
  /** An outage that lasts is logged again after so many milliseconds; left out: it is not. */
  readonly reminderMs?: number;
}

/**
 * Logs an outage once when it begins, again for each further kind of reason (and as a reminder), and once when it is over.
 * An outage that was not logged ends without a line.
 */
export class OutageLog {
  readonly #options: OutageLogOptions;
  /** When each kind was last logged. */
  readonly #loggedAtMs = new Map<string, number>();

  constructor(options: OutageLogOptions) {
    this.#options = options;
  }

  /** Whether a line was logged since the outage began. */
  get wasLogged(): boolean {
    return this.#loggedAtMs.size > 0;
  }

  /** It failed. `fields` stand beside `reason` on the line. */
  failed({ kind, text: reason }: FaultReason, fields?: object): void {
    const { logger, fields: always, describe, reminderMs = Infinity } = this.#options;
    const loggedAtMs = this.#loggedAtMs.get(kind);
    const nowMs = performance.now();
    if (loggedAtMs === undefined ? this.#loggedAtMs.size >= KINDS_MAX : nowMs - loggedAtMs < reminderMs)
      return;
    this.#loggedAtMs.set(kind, nowMs);
    logger.warn({ ...always, reason, ...fields }, describe(reason));
  }

  /** It works. */
  worked(fields?: object): void {
    if (this.#loggedAtMs.size === 0) return;
    this.#loggedAtMs.clear();
    const { logger, fields: always, over } = this.#options;
    logger.info({ ...always, ...fields }, over);
  }
}
