import type { Logger } from '../logging/logger.ts';
import type { PartHealth, PartState } from './part-health.ts';

const DRAINING_WARNING = 'The service is draining: it shuts down and takes no new work.';

/** What `/readyz` answers, on every service. */
export interface ReadinessReport {
  /** `degraded`: the service does its work without a part that it can do without for a while. */
  readonly status: 'ready' | 'degraded' | 'not_ready';
  readonly parts: Readonly<Record<string, PartState>>;
  readonly warnings: readonly string[];
}

export interface ReadinessOptions {
  readonly logger: Logger;
  /** What operators should know from the start on, in sentences; logged by whoever starts the service. */
  readonly warnings?: readonly string[] | undefined;
}

/** Something that an operator should change about a part that can be used. */
export interface PartWarning {
  /** Tells the warnings of a part apart. */
  readonly key: string;
  readonly text: string;
}

interface Part {
  readonly health: PartHealth;
  readonly isRequired: boolean;
}

/** Whether a service can do its work now: by its parts, and until it drains. */
export class Readiness {
  readonly #logger: Logger;
  readonly #fixedWarnings: readonly string[];
  readonly #parts: Part[] = [];
  /** By the key under which they are cleared. */
  readonly #warnings = new Map<string, string>();
  #isDraining = false;

  constructor({ logger, warnings = [] }: ReadinessOptions) {
    this.#logger = logger;
    this.#fixedWarnings = warnings;
  }

  /** Adds a part without which the service can't work, or can for a while: then it is `degraded`. */
  addPart(health: PartHealth, { isRequired }: { readonly isRequired: boolean }): void {
    this.#parts.push({ health, isRequired });
  }

  /**
   * Shows a warning until it is cleared, and logs it once. Any part of a service may call it again and again; of
   * each key there is one warning, and the latest text counts. No names, addresses or secrets: probes see it.
   */
  setWarning(key: string, text: string): void {
    if (!this.#warnings.has(key)) this.#logger.warn({ warning: key }, text);
    this.#warnings.set(key, text);
  }

  /** Takes a warning back, and logs that. Nothing where there is none of this key. */
  clearWarning(key: string): void {
    const text = this.#warnings.get(key);
    if (text === undefined) return;
    this.#warnings.delete(key);
    this.#logger.info({ warning: key }, `no longer: ${text}`);
  }

  /** Shows the warnings that a part has now, and takes back those that it had and has no longer. */
  showWarnings(part: string, warnings: readonly PartWarning[]): void {
    const current = new Map(warnings.map(({ key, text }) => [`${part}: ${key}`, text]));
    for (const key of [...this.#warnings.keys()]) {
      if (key.startsWith(`${part}: `) && !current.has(key)) this.clearWarning(key);
    }
    for (const [key, text] of current) this.setWarning(key, text);
  }

  /** Checks the parts from now on. */
  start(): void {
    for (const { health } of this.#parts) health.start();
  }

  /** From now on not ready, so that a load balancer sends its work elsewhere. */
  startDraining(): void {
    this.#isDraining = true;
  }

  /** The parts are closed next: nothing about them is a fault any more. */
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

  /** Not ready either until each part was tried: a service that has just started is not degraded, it is starting. */
  #statusOf(states: Readonly<Record<string, PartState>>): ReadinessReport['status'] {
    const isDown = ({ health }: Part) => states[health.name]?.status !== 'up';
    if (
      this.#isDraining ||
      this.#parts.some((part) => isDown(part) && (part.isRequired || !part.health.isKnown))
    )
      return 'not_ready';
    return this.#parts.some(isDown) ? 'degraded' : 'ready';
  }
}
