interface Waiter {
  readonly resolve: () => void;
}

/** As many wait for a place as may. */
export class SlotsExhaustedError extends Error {
  readonly code = 'slots_exhausted';

  constructor(waitersMax: number) {
    super(`${waitersMax} calls are already waiting for a place`);
    this.name = 'SlotsExhaustedError';
  }
}

/** A number of places, and a bounded queue of those who wait for one, first come first served. */
export class Slots {
  #free: number;
  readonly #waitersMax: number;
  readonly #waiters = new Set<Waiter>();

  constructor(bounds: { readonly slotsMax: number; readonly waitersMax: number }) {
    this.#free = bounds.slotsMax;
    this.#waitersMax = bounds.waitersMax;
  }

  /** Resolves with a place; rejects where too many wait, and as soon as `signal` is aborted. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiters.size >= this.#waitersMax) throw new SlotsExhaustedError(this.#waitersMax);
    await this.#wait(signal);
  }

  /** Gives a place back: to the one who has waited longest, if any. */
  give(): void {
    const [waiter] = this.#waiters;
    if (waiter === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiters.delete(waiter);
    waiter.resolve();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.delete(waiter);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const waiter: Waiter = {
        resolve: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }
}
