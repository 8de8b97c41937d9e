const MILLISECONDS_MAX = 120_000;

/** Counts delays by millisecond. Its size does not depend on their number. */
export class DelayHistogram {
  readonly #counts = new Uint32Array(MILLISECONDS_MAX + 1);
  #total = 0;

  add(milliseconds: number): void {
    const bucket = Math.min(Math.max(Math.round(milliseconds), 0), MILLISECONDS_MAX);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
  }

  get total(): number {
    return this.#total;
  }

  /** The delay in milliseconds that this share (0 to 1) of all delays did not exceed. */
  quantile(share: number): number {
    let seen = 0;
    for (const [milliseconds, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= this.#total * share) return milliseconds;
    }
    return MILLISECONDS_MAX;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }
}
