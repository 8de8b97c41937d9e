import type { Logger } from '../logging/logger.ts';
import type { FaultReason } from './fault-reason.ts';

/** More kinds than one outage has: they come from a fixed table or are codes of a driver. */
const KINDS_MAX = 20;

export interface OutageLogOptions {
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** On every line. */
  readonly fields?: object;
  /** The line for an outage. */
  readonly describe: (reason: string) => string;
  /** The line for its end. */
  readonly over: string;
  /** Milliseconds after which a lasting outage is logged again; left out: never. */
  readonly reminderMs?: number;
}

/**
 * Logs an outage once when it begins, once for each further kind of reason (and as a reminder), and once when it ends.
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

  /** Reports a failure. `fields` are added to the line. */
  failed({ kind, text: reason }: FaultReason, fields?: object): void {
    const { logger, fields: always, describe, reminderMs = Infinity } = this.#options;
    const loggedAtMs = this.#loggedAtMs.get(kind);
    const nowMs = performance.now();
    if (loggedAtMs === undefined ? this.#loggedAtMs.size >= KINDS_MAX : nowMs - loggedAtMs < reminderMs)
      return;
    this.#loggedAtMs.set(kind, nowMs);
    logger.warn({ ...always, reason, ...fields }, describe(reason));
  }

  /** Reports a success, which ends the outage. */
  worked(fields?: object): void {
    if (this.#loggedAtMs.size === 0) return;
    this.#loggedAtMs.clear();
    const { logger, fields: always, over } = this.#options;
    logger.info({ ...always, ...fields }, over);
  }
}
