import { LinkedList } from '../structures/linked-list.ts';

/** As many wait for a slot as may. */
export class SlotsExhaustedError extends Error {
  readonly code = 'slots_exhausted';

  constructor(waitersMax: number) {
    super(`${waitersMax} calls are already waiting for a slot`);
    this.name = 'SlotsExhaustedError';
  }
}

export interface SlotsBounds {
  /** Work that is done at the same time. */
  readonly slotsMax: number;
  /** Work that may wait for a slot; left out where those who ask are bounded themselves. */
  readonly waitersMax?: number;
}

/** A number of slots for work, and a queue of those who wait for one, first come first served. */
export class Slots {
  #free: number;
  readonly #waitersMax: number;
  /** Each is called when a slot has come free for it. */
  readonly #waiters = new LinkedList<() => void>();

  constructor({ slotsMax, waitersMax = Infinity }: SlotsBounds) {
    this.#free = slotsMax;
    this.#waitersMax = waitersMax;
  }

  /**
   * Does the work when a slot is free; at once where one is. Rejects with a SlotsExhaustedError where too many wait, and
   * while it waits as soon as `signal` is aborted.
   */
  async use<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiters.size >= this.#waitersMax) throw new SlotsExhaustedError(this.#waitersMax);
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal?.removeEventListener('abort', onAbort);
        this.#waiters.remove(entry);
      };
      const onAbort = () => {
        leave();
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const entry = this.#waiters.add(() => {
        leave();
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Straight to whoever waits longest: a slot that was free in between could be taken by a newcomer. */
  #passOn(): void {
    const next = this.#waiters.first;
    if (next === undefined) this.#free += 1;
    else next();
  }
}
