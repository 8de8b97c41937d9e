import { withDeadline } from './deadline.ts';

/** Longer than any healthy answer takes, shorter than an orchestrator's own timeout for the probe. */
const CHECK_DEADLINE_MS = 1_500;

export interface ReadinessReport {
  readonly ready: boolean;
  /** Each part's state: `ok`, or what is wrong with it in a few words. */
  readonly parts: Readonly<Record<string, string>>;
}

/** Whether a service can do its work now: each part is asked, and a service that drains says no. */
export class Readiness {
  readonly #checks = new Map<string, () => Promise<void>>();
  #draining = false;

  /** Adds a part; its check rejects while the part can't be used. */
  addPart(name: string, check: () => Promise<void>): void {
    this.#checks.set(name, check);
  }

  /** From now on not ready, so that a load balancer sends its work elsewhere. */
  startDraining(): void {
    this.#draining = true;
  }

  async report(): Promise<ReadinessReport> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await partState(name, check)] as const),
    );
    const parts: Record<string, string> = Object.fromEntries(entries);
    if (this.#draining) parts['service'] = 'draining';
    return { ready: Object.values(parts).every((state) => state === 'ok'), parts };
  }
}

async function partState(name: string, check: () => Promise<void>): Promise<string> {
  try {
    await withDeadline(check(), { what: `checking ${name}`, milliseconds: CHECK_DEADLINE_MS });
    return 'ok';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return typeof code === 'string' ? `unavailable (${code})` : 'unavailable';
  }
}
