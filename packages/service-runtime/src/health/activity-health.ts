import type { FaultReason } from './fault-reason.ts';
import type { Logger } from '../logging/logger.ts';
import type { PartHealth } from './part-health.ts';

export interface ActivityHealthOptions {
  /** The part that the activity needs. */
  readonly part: PartHealth;
  /** What fails, as the beginning of a sentence: `Storing acks`. */
  readonly title: string;
  readonly describe: (error: unknown) => FaultReason;
  readonly logger: Logger;
}

/**
 * Something that a service does with a part again and again. Where it fails, the part is checked: an outage of the
 * part is the part's to log. Where the part is up and the activity fails all the same (it lacks a right, say), that is
 * logged once for each kind of reason, and once when it works again.
 */
export class ActivityHealth {
  readonly #options: ActivityHealthOptions;
  /** Kinds of reason that were logged since it last worked. */
  readonly #logged = new Set<string>();
  #latestFault: { readonly error: unknown } | undefined;
  #recheck: Promise<void> | undefined;

  constructor(options: ActivityHealthOptions) {
    this.#options = options;
  }

  worked(): void {
    if (this.#latestFault === undefined) return;
    this.#latestFault = undefined;
    if (this.#logged.size === 0) return;
    this.#logged.clear();
    const { part, title, logger } = this.#options;
    logger.info({ part: part.name }, `${title} works again`);
  }

  failed(error: unknown): void {
    if (this.#latestFault === undefined) this.#options.part.suspect();
    this.#latestFault = { error };
    this.#recheck ??= this.#checkPart().finally(() => {
      this.#recheck = undefined;
    });
  }

  async #checkPart(): Promise<void> {
    const { part, title, describe, logger } = this.#options;
    await part.recheck();
    const fault = this.#latestFault;
    if (fault === undefined || !part.isUp) return;
    const { kind, text: reason } = describe(fault.error);
    if (this.#logged.has(kind)) return;
    this.#logged.add(kind);
    logger.warn({ part: part.name, reason }, `${title} fails: ${reason}`);
  }
}
