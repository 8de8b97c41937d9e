import type { z } from 'zod';
import { optionalIntegerSetting } from '../settings/settings.ts';

/** Above the longest interval of probes that load balancers are given. */
const DRAIN_SECONDS_MAX = 300;
/** A balancer that probes every second, and believes the second probe, has moved on by then. */
const DRAIN_DEFAULT_MS = 3_000;
/** Of the time until the deadline; the rest is for open requests and for closing sockets. */
const DRAIN_DEFAULT_SHARE = 1 / 4;
const DRAIN_SHARE_MAX = 1 / 2;

export const drainSettings = {
  DRAIN_SECONDS: optionalIntegerSetting({ from: 0, to: DRAIN_SECONDS_MAX }).meta({
    description:
      'Seconds after SIGTERM in which the service is `not_ready` and goes on serving, with `Connection: close`, so that load balancers move on before it refuses anything; at most half of `SHUTDOWN_DEADLINE_MS`. Default: 3 (a quarter of a deadline below 12 s); 0 with the embedded database, which has no second process to move on to. SIGINT (Ctrl-C) does not wait.',
  }),
};

export interface DrainSettings {
  readonly DRAIN_SECONDS?: number | undefined;
  readonly SHUTDOWN_DEADLINE_MS: number;
}

/** Milliseconds for which a service drains. `hasPeers`: whether others can serve in its place. */
export function drainPeriodMs(settings: DrainSettings, { hasPeers = true } = {}): number {
  const { DRAIN_SECONDS: seconds, SHUTDOWN_DEADLINE_MS: deadlineMs } = settings;
  if (seconds !== undefined) return seconds * 1_000;
  return hasPeers ? Math.min(DRAIN_DEFAULT_MS, Math.floor(deadlineMs * DRAIN_DEFAULT_SHARE)) : 0;
}

/** Refuses a drain that leaves too little time to close in order. */
export function checkDrain(settings: Partial<DrainSettings>, context: z.core.$RefinementCtx): void {
  const { DRAIN_SECONDS: seconds = 0, SHUTDOWN_DEADLINE_MS: deadlineMs } = settings;
  if (deadlineMs === undefined || seconds * 1_000 <= deadlineMs * DRAIN_SHARE_MAX) return;
  const message = `must be at most half of SHUTDOWN_DEADLINE_MS, which is ${deadlineMs} ms; raise that too`;
  context.addIssue({ code: 'custom', path: ['DRAIN_SECONDS'], message });
}

/** The time after SIGTERM in which a process still serves. */
export interface DrainPeriod {
  readonly milliseconds: number;
  /** Reports not ready from now on, while everything is still served. */
  readonly onStart: () => void;
}

/** Waits out a drain, or less where `cut` is called meanwhile. */
export class Drain {
  readonly #period: DrainPeriod;
  #isCut = false;
  #onCut: () => void = () => undefined;

  constructor(period: DrainPeriod) {
    this.#period = period;
  }

  async run(): Promise<void> {
    if (this.#isCut) return;
    this.#period.onStart();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#period.milliseconds);
      this.#onCut = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends the wait, or makes `run` return at once. */
  cut(): void {
    this.#isCut = true;
    this.#onCut();
  }
}
