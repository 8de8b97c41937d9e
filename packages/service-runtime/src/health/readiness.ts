import type { Logger } from '../logging/logger.ts';
import type { PartHealth, PartState } from './part-health.ts';

const DRAINING_WARNING = 'The service is draining: it shuts down and accepts no new work.';

/** The answer of `/readyz` on every service. */
export interface ReadinessReport {
  /** `degraded`: the service works, but lacks a part, or a part's ability, that it can do without for a while. */
  readonly status: 'ready' | 'degraded' | 'not_ready';
  readonly parts: Readonly<Record<string, PartState>>;
  readonly warnings: readonly string[];
}

export interface ReadinessOptions {
  readonly logger: Logger;
  /** Permanent warnings for operators, in sentences. The starting code logs them. */
  readonly warnings?: readonly string[] | undefined;
}

/** A problem with a usable part that an operator should fix. */
export interface PartWarning {
  /** Identifies the warning within its part. */
  readonly key: string;
  readonly text: string;
  /** While it is shown, the service is `degraded`. */
  readonly degrades?: boolean;
}

interface Part {
  readonly health: PartHealth;
  readonly isRequired: boolean;
}

/** Whether a service can work: it depends on its parts, and ends with draining. */
export class Readiness {
  readonly #logger: Logger;
  readonly #fixedWarnings: readonly string[];
  readonly #parts: Part[] = [];
  /** By key. */
  readonly #warnings = new Map<string, string>();
  /** Keys of the warnings with which the service is degraded. */
  readonly #degrading = new Set<string>();
  #isDraining = false;

  constructor({ logger, warnings = [] }: ReadinessOptions) {
    this.#logger = logger;
    this.#fixedWarnings = warnings;
  }

  /** Adds a part. Without a required part the service is not ready; without another one it is `degraded`. */
  addPart(health: PartHealth, { isRequired }: { readonly isRequired: boolean }): void {
    this.#parts.push({ health, isRequired });
  }

  /**
   * Shows a warning until it is cleared, and logs it once. There is one warning for each key, with the latest text.
   * Probes see the text: no names, addresses or secrets.
   */
  setWarning(key: string, text: string): void {
    if (!this.#warnings.has(key)) this.#logger.warn({ warning: key }, text);
    this.#warnings.set(key, text);
  }

  /** Removes the warning with this key, if there is one, and logs that. */
  clearWarning(key: string): void {
    const text = this.#warnings.get(key);
    if (text === undefined) return;
    this.#warnings.delete(key);
    this.#degrading.delete(key);
    this.#logger.info({ warning: key }, `resolved: ${text}`);
  }

  /** Replaces the warnings of a part. */
  showWarnings(part: string, warnings: readonly PartWarning[]): void {
    const current = new Map(warnings.map((warning) => [`${part}: ${warning.key}`, warning]));
    for (const key of [...this.#warnings.keys()]) {
      if (key.startsWith(`${part}: `) && !current.has(key)) this.clearWarning(key);
    }
    for (const [key, { text, degrades = false }] of current) {
      this.setWarning(key, text);
      if (degrades) this.#degrading.add(key);
    }
  }

  /** Starts the periodic checks of the parts. */
  start(): void {
    for (const { health } of this.#parts) health.start();
  }

  /** Reports `not_ready` from now on, so that a load balancer sends requests elsewhere. */
  startDraining(): void {
    this.#isDraining = true;
  }

  /** Ends the checks: the parts are closed next, which is not an outage. */
  stop(): void {
    for (const { health } of this.#parts) health.stop();
  }

  async report(): Promise<ReadinessReport> {
    const states = await Promise.all(
      this.#parts.map(async ({ health }) => [health.name, await health.state()] as const),
    );
    const parts: Record<string, PartState> = Object.fromEntries(states);
    const warnings = [...this.#fixedWarnings, ...this.#warnings.values()];
    if (this.#isDraining) warnings.push(DRAINING_WARNING);
    return { status: this.#statusOf(parts), parts, warnings };
  }

  /** Until every part was tried, the service is starting and not ready, rather than degraded. */
  #statusOf(states: Readonly<Record<string, PartState>>): ReadinessReport['status'] {
    const isDown = ({ health }: Part) => states[health.name]?.status !== 'up';
    if (
      this.#isDraining ||
      this.#parts.some((part) => isDown(part) && (part.isRequired || !part.health.isKnown))
    )
      return 'not_ready';
    return this.#degrading.size > 0 || this.#parts.some(isDown) ? 'degraded' : 'ready';
  }
}
