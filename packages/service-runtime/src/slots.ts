import { LinkedList } from './linked-list.ts';

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
  /** Each takes the place that it is called with. */
  readonly #waiters = new LinkedList<() => void>();

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
    const takePlace = this.#waiters.first;
    if (takePlace === undefined) this.#free += 1;
    else takePlace();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal.removeEventListener('abort', onAbort);
        this.#waiters.remove(entry);
      };
      const onAbort = () => {
        leave();
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const entry = this.#waiters.add(() => {
        leave();
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
