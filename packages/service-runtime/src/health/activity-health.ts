import type { FaultReason } from './fault-reason.ts';
import type { Logger } from '../logging/logger.ts';
import { OutageLog } from './outage-log.ts';
import type { PartHealth } from './part-health.ts';

export interface ActivityHealthOptions {
  /** The part that the activity uses. */
  readonly part: PartHealth;
  /** The subject of log lines: `Storing acks`. */
  readonly title: string;
  readonly describe: (error: unknown) => FaultReason;
  readonly logger: Logger;
}

/**
 * A recurring activity of a service that uses a part. A failure triggers a check of the part, which logs its own
 * outages. A failure while the part is up (because of a missing right, say) is logged as an outage of the activity.
 */
export class ActivityHealth {
  readonly #options: ActivityHealthOptions;
  readonly #log: OutageLog;
  #latestFault: { readonly error: unknown } | undefined;
  #recheck: Promise<void> | undefined;

  constructor(options: ActivityHealthOptions) {
    const { part, title, logger } = options;
    this.#options = options;
    this.#log = new OutageLog({
      logger,
      fields: { part: part.name },
      describe: (reason) => `${title} fails: ${reason}`,
      over: `${title} works again`,
    });
  }

  worked(): void {
    if (this.#latestFault === undefined) return;
    this.#latestFault = undefined;
    this.#log.worked();
  }

  failed(error: unknown): void {
    if (this.#latestFault === undefined) this.#options.part.suspect();
    this.#latestFault = { error };
    this.#recheck ??= this.#checkPart().finally(() => {
      this.#recheck = undefined;
    });
  }

  async #checkPart(): Promise<void> {
    const { part, describe } = this.#options;
    await part.recheck();
    const fault = this.#latestFault;
    if (fault !== undefined && part.isUp) this.#log.failed(describe(fault.error));
  }
}
