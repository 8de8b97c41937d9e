export interface RateLimiterOptions {
  /** What each key may use up in a second, on average. */
  readonly perSecond: number;
  /** Seconds' worth that may be used up at once, after as long a silence. */
  readonly burstSeconds?: number;
  /** Keys that are remembered; beyond it the oldest are forgotten, and begin anew. */
  readonly keysMax?: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

/** About 100 bytes each. */
const KEYS_DEFAULT_MAX = 100_000;

/** Keys that are looked at, for one that owes nothing, before one that does is forgotten. */
const FORGOTTEN_LOOKS_MAX = 16;

/** Sums of thirds of a second fall short of a second by less. */
const ROUNDING_MS = 0.001;

/**
 * Lets each key use up so much in a second, in this process: it asks nobody, so it works whatever else is away, and N
 * processes together allow N times as much.
 */
export class RateLimiter {
  readonly #msPerUnit: number;
  readonly #burstMs: number;
  readonly #keysMax: number;
  readonly #now: () => number;
  /** When all that a key has used up will be paid off; a key that owes nothing need not be here. */
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

  /** Keys that are remembered. */
  get size(): number {
    return this.#paidAt.size;
  }

  /** Uses up one and gives 0, or gives the milliseconds until this key may go on, and uses up nothing. */
  take(key: string): number {
    const waitMs = this.waitMs(key);
    if (waitMs === 0) this.charge(key, 1);
    return waitMs;
  }

  /** Uses up `cost`, also beyond what is left: the debt is paid off before the next. */
  charge(key: string, cost: number): void {
    const now = this.#now();
    const paidAt = this.#paidAt.get(key);
    if (paidAt === undefined) this.#makeRoom(now);
    this.#paidAt.set(key, Math.max(paidAt ?? now, now) + cost * this.#msPerUnit);
  }

  /** Milliseconds until this key may go on; 0 where it may now. */
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
