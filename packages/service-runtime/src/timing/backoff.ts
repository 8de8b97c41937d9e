export interface BackoffOptions {
  /** The bound of the first pause; it doubles with each further one. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** A number from 0 to 1. Left out: any pause up to the bound, so that many processes do not retry in step. */
  readonly random?: () => number;
}

/** Pauses between retries: exponential, with full jitter. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Milliseconds to wait after one more failure. */
  nextMs(): number {
    const { firstMs, maxMs, random = Math.random } = this.#options;
    const boundMs = Math.min(maxMs, firstMs * 2 ** this.#failures);
    this.#failures += 1;
    return random() * boundMs;
  }

  /** It worked: the next failure counts as the first. */
  reset(): void {
    this.#failures = 0;
  }
}
