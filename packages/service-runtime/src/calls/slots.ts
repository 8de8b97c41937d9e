import { LinkedList } from '../structures/linked-list.ts';

/** The queue for slots is full. */
export class SlotsExhaustedError extends Error {
  readonly code = 'slots_exhausted';

  constructor(waitersMax: number) {
    super(`${waitersMax} calls are already waiting for a slot`);
    this.name = 'SlotsExhaustedError';
  }
}

export interface SlotsBounds {
  /** Calls that run at the same time. */
  readonly slotsMax: number;
  /** Calls that may wait for a slot; left out where the callers are bounded already. */
  readonly waitersMax?: number;
}

/** Limits how many calls run at once; further ones wait in a queue, first come first served. */
export class Slots {
  #free: number;
  readonly #waitersMax: number;
  /** Each is called when it gets a slot. */
  readonly #waiters = new LinkedList<() => void>();

  constructor({ slotsMax, waitersMax = Infinity }: SlotsBounds) {
    this.#free = slotsMax;
    this.#waitersMax = waitersMax;
  }

  /**
   * Runs the work once a slot is free. Rejects with a SlotsExhaustedError if too many wait, and when `signal` is
   * aborted while it waits.
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

  /** Hands the slot directly to the call that waits longest: a newcomer could take a slot that is free in between. */
  #passOn(): void {
    const next = this.#waiters.first;
    if (next === undefined) this.#free += 1;
    else next();
  }
}
