import { LinkedList, type ListEntry } from './linked-list.ts';

interface RunningTimeout {
  /** On the clock of performance.now(). */
  readonly dueAtMs: number;
  readonly onExpired: () => void;
}

/** A started timeout, to end it. */
export type SharedTimeout = ListEntry<RunningTimeout>;

/**
 * Timeouts of one length that are started thousands of times a second and seldom expire: one timer serves them all. A timer
 * for each costs more than the work that it watches. The timer does not keep the process alive.
 */
export class SharedTimeouts {
  readonly milliseconds: number;
  /** In the order of their start, and therefore of their end. */
  readonly #running = new LinkedList<RunningTimeout>();
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }

  /** How many were started, and have neither expired nor been ended. */
  get running(): number {
    return this.#running.size;
  }

  /** Calls back after `milliseconds`, unless it is ended before. */
  start(onExpired: () => void): SharedTimeout {
    const entry = this.#running.add({ dueAtMs: performance.now() + this.milliseconds, onExpired });
    this.#timer ??= this.#setTimer(this.milliseconds);
    return entry;
  }

  /** Ends a timeout; without effect if it has expired. */
  end(timeout: SharedTimeout): void {
    this.#running.remove(timeout);
  }

  #setTimer(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#expire();
    }, milliseconds).unref();
  }

  #expire(): void {
    const now = performance.now();
    for (const timeout of this.#expired(now)) timeout.onExpired();
    const next = this.#running.first;
    this.#timer = next === undefined ? undefined : this.#setTimer(Math.ceil(next.dueAtMs - now));
  }

  /** Takes out what is due. */
  #expired(now: number): readonly RunningTimeout[] {
    const expired: RunningTimeout[] = [];
    for (;;) {
      const { firstEntry } = this.#running;
      if (firstEntry === undefined || firstEntry.item.dueAtMs > now) return expired;
      this.#running.remove(firstEntry);
      expired.push(firstEntry.item);
    }
  }
}
