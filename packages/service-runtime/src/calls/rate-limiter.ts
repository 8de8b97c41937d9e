export interface RateLimiterOptions {
  /** Units that each key may use in a second, on average. */
  readonly perSecond: number;
  /** The burst: units of this many seconds may be used at once after as long a silence. */
  readonly burstSeconds?: number;
  /** Keys that are remembered; beyond it the oldest are forgotten and start without debt. */
  readonly keysMax?: number;
  /** A monotonic clock, in milliseconds. */
  readonly now?: () => number;
}

/** About 100 bytes each. */
const KEYS_DEFAULT_MAX = 100_000;

/** Keys that are examined for one without debt before a key with debt is forgotten. */
const FORGOTTEN_LOOKS_MAX = 16;

/** Rounding errors (of thirds of a second, say) are smaller than this. */
const ROUNDING_MS = 0.001;

/**
 * Limits the rate of each key in this process. It needs no other server, so it works during outages; N processes
 * together allow N times as much.
 */
export class RateLimiter {
  readonly #msPerUnit: number;
  readonly #burstMs: number;
  readonly #keysMax: number;
  readonly #now: () => number;
  /** When the debt of a key will be paid off; a key without debt need not be here. */
  readonly #paidAt = new Map<string, number>();

  constructor(options: RateLimiterOptions) {
    const {
      perSecond,
      burstSeconds = 1,
      keysMax = KEYS_DEFAULT_MAX,
      now = () => performance.now(),
    } = options;
    this.#msPerUnit = 1_000 / perSecond;
    this.#burstMs = burstSeconds * 1_000;
    this.#keysMax = keysMax;
    this.#now = now;
  }

  /** Number of remembered keys. */
  get size(): number {
    return this.#paidAt.size;
  }

  /** Uses one unit and returns 0; or uses none, and returns the milliseconds until the key may continue. */
  take(key: string): number {
    const waitMs = this.waitMs(key);
    if (waitMs === 0) this.charge(key, 1);
    return waitMs;
  }

  /** Uses `cost` units, even beyond the limit: the debt must be paid off before the next use. */
  charge(key: string, cost: number): void {
    const now = this.#now();
    const paidAt = this.#paidAt.get(key);
    if (paidAt === undefined) this.#makeRoom(now);
    this.#paidAt.set(key, Math.max(paidAt ?? now, now) + cost * this.#msPerUnit);
  }

  /** Milliseconds until this key may continue; 0 if it may now. */
  waitMs(key: string): number {
    const now = this.#now();
    const owedMs = Math.max(0, (this.#paidAt.get(key) ?? now) - now);
    const overMs = owedMs + this.#msPerUnit - this.#burstMs;
    return overMs > ROUNDING_MS ? Math.ceil(overMs) : 0;
  }

  #makeRoom(now: number): void {
    if (this.#paidAt.size < this.#keysMax) return;
    let looks = 0;
    let oldest: string | undefined;
    for (const [key, paidAt] of this.#paidAt) {
      oldest ??= key;
      looks += 1;
      if (paidAt <= now) this.#paidAt.delete(key);
      if (looks === FORGOTTEN_LOOKS_MAX) break;
    }
    if (this.#paidAt.size >= this.#keysMax && oldest !== undefined) this.#paidAt.delete(oldest);
  }
}
