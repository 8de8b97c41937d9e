import { withDeadline } from '../calls/deadline.ts';
import { type FaultReason, LOST_KIND, STARTING } from './fault-reason.ts';
import type { Logger } from '../logging/logger.ts';
import { pause } from '../timing/pause.ts';
import { OutageList, type RecordedOutage } from './outage-list.ts';
import { OutageLog } from './outage-log.ts';

/** An idle service notices an outage as soon as a busy one, at the cost of a round trip every 2 s. */
const CHECK_INTERVAL_MS = 2_000;
/** However many probes arrive, each part is checked once a second at most. */
const CHECK_AGE_MAX_MS = 1_000;
/** Longer than any healthy answer, shorter than the default timeout of a Kubernetes probe (1 s). */
const CHECK_DEADLINE_MS = 900;
/** Failures within this time share one check. */
const SUSPICION_PAUSE_MS = 250;
/** How long the log line about a lost connection waits for the next attempt, whose error is more precise. */
const REASON_WAIT_MS = 2_000;

/** The state of a part, as `/readyz` shows it. */
export interface PartState {
  readonly status: 'up' | 'down';
  /** ISO time of the last change. */
  readonly since: string;
  /** With `down`: the reason, without any name, address or password. */
  readonly reason?: string;
}

export interface PartHealthOptions {
  /** Its name in `/readyz` and in the field `part` of log lines. */
  readonly name: string;
  /** Its name in sentences. */
  readonly title: string;
  /** What an outage means for users of the service: a sentence for the log. */
  readonly consequence: string;
  /** Rejects while the part cannot be used. Left out if the part reports its own state. */
  readonly check?: () => Promise<void>;
  readonly describe: (error: unknown) => FaultReason;
  readonly logger: Logger;
}

const NOT_CHECKED: FaultReason = { kind: 'not-checked', text: 'not checked yet' };
const SLOW_CHECK: FaultReason = { kind: 'timed-out', text: 'timed out' };

type Health =
  | { readonly status: 'unknown'; readonly since: Date }
  | { readonly status: 'up'; readonly since: Date }
  | { readonly status: 'down'; readonly since: Date; readonly reason: FaultReason };

/**
 * The state of a server that a service depends on: whether it can be used, since when, and why not. Logs outages as
 * OutageLog does. Users of the part report successes and failures; from `start` on, it is also checked periodically.
 */
export class PartHealth {
  readonly name: string;
  readonly #options: PartHealthOptions;
  #health: Health = { status: 'unknown', since: new Date() };
  readonly #log: OutageLog;
  /** The log line that waits for a more precise reason. */
  #pendingLine: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #check: Promise<void> | undefined;
  #checkedAtMs = -Infinity;
  #suspectedAtMs = -Infinity;
  #isStopped = false;
  readonly #outages = new OutageList();

  constructor(options: PartHealthOptions) {
    this.name = options.name;
    this.#options = options;
    const { name: part, title, consequence, logger } = options;
    this.#log = new OutageLog({
      logger,
      fields: { part },
      describe: (reason) => `${title} can't be used: ${reason}. ${consequence}`,
      over: `${title} works again`,
    });
  }

  /** False until the first answer or failure. */
  get isKnown(): boolean {
    return this.#health.status !== 'unknown';
  }

  get isUp(): boolean {
    return this.#health.status === 'up';
  }

  /** Outages that have begun, also those that a start found. Waiting for a database that is being prepared is none. */
  get outages(): number {
    return this.#outages.count;
  }

  /** The last of them, oldest first. */
  get recentOutages(): readonly RecordedOutage[] {
    return this.#outages.recent;
  }

  start(): void {
    if (this.#options.check === undefined) return;
    this.#timer ??= setInterval(() => void this.#refresh(), CHECK_INTERVAL_MS).unref();
    void this.#refresh();
  }

  /** Ends checks and log lines: the service closes the part next. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#pendingLine);
  }

  /** A call of the part succeeded. */
  worked(): void {
    const health = this.#health;
    if (health.status === 'up' || this.#isStopped) return;
    const now = new Date();
    this.#health = { status: 'up', since: now };
    this.#outages.worked(now);
    if (health.status === 'unknown') return;
    if (this.#pendingLine !== undefined) this.#logNow(health.reason); // it works again before a more precise reason came
    this.#log.worked({ downMs: Date.now() - health.since.getTime() });
  }

  /** A call of the part failed. */
  failed(error: unknown): void {
    if (this.#isStopped) return;
    const reason = this.#options.describe(error);
    const health = this.#health;
    if (health.status === 'down' && reason.kind === LOST_KIND && this.#log.wasLogged) return;
    this.#health = { status: 'down', since: health.status === 'down' ? health.since : new Date(), reason };
    if (reason.kind === STARTING.kind) return;
    this.#outages.failed(this.#health.since, reason.text);
    if (reason.kind !== LOST_KIND) this.#logNow(reason);
    else
      this.#pendingLine ??= setTimeout(() => {
        this.#logNow(reason);
      }, REASON_WAIT_MS).unref();
  }

  /** Its state, after a check unless the last one is recent. */
  async state(): Promise<PartState> {
    const startMs = Date.now();
    try {
      await withDeadline(this.#refresh(), { what: 'a check', milliseconds: CHECK_DEADLINE_MS });
    } catch {
      const since = this.#health.status === 'down' ? this.#health.since : new Date(startMs);
      return downState(since, SLOW_CHECK);
    }
    const health = this.#health;
    if (health.status === 'up') return { status: 'up', since: health.since.toISOString() };
    return downState(health.since, health.status === 'down' ? health.reason : NOT_CHECKED);
  }

  /** A call failed after successes: the result of the last check may be outdated. */
  suspect(): void {
    const nowMs = performance.now();
    if (nowMs - this.#suspectedAtMs < SUSPICION_PAUSE_MS) return;
    this.#suspectedAtMs = nowMs;
    this.#checkedAtMs = -Infinity;
  }

  /** Checks it again after a failed call, as soon as the last check is old enough. */
  async recheck(): Promise<void> {
    await this.#check;
    if (!this.isUp) return; // the next periodic check is soon enough
    const waitMs = this.#checkedAtMs + CHECK_AGE_MAX_MS - performance.now();
    if (waitMs > 0) await pause(waitMs, { holdsProcess: false });
    await this.#refresh();
  }

  /** Checks it now, however recent the last check is, because the service's own state changed. */
  checkNow(): void {
    this.#checkedAtMs = -Infinity;
    void this.#refresh();
  }

  #refresh(): Promise<void> {
    if (this.#check !== undefined) return this.#check;
    const { check } = this.#options;
    if (check === undefined || this.#isStopped) return Promise.resolve();
    if (performance.now() - this.#checkedAtMs < CHECK_AGE_MAX_MS) return Promise.resolve();
    this.#check = this.#runCheck(check).finally(() => {
      this.#check = undefined;
      this.#checkedAtMs = performance.now();
    });
    return this.#check;
  }

  async #runCheck(check: () => Promise<void>): Promise<void> {
    try {
      await check();
      this.worked();
    } catch (error) {
      this.failed(error);
    }
  }

  #logNow(reason: FaultReason): void {
    clearTimeout(this.#pendingLine);
    this.#pendingLine = undefined;
    this.#log.failed(reason);
  }
}

function downState(since: Date, { text }: FaultReason): PartState {
  return { status: 'down', since: since.toISOString(), reason: text };
}
