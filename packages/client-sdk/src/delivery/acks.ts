import type { Environment } from '../platform/environment.ts';

interface AcksParts {
  readonly environment: Environment;
  readonly ackIntervalMs: number;
  /** False where there is no connection to send it on. */
  readonly send: (targetId: string, offset: number) => boolean;
}

/** Tells the relay what has been handled: the highest offset of each target, together, once in a while. */
export class Acks {
  readonly #parts: AcksParts;
  /** The highest offset that was handled of each target. It stays: what was sent may not have been received. */
  readonly #offsets = new Map<string, number>();
  /** The targets whose offset was not sent on the connection that is open. */
  readonly #unsent = new Set<string>();
  #cancelTimer: (() => void) | undefined;

  constructor(parts: AcksParts) {
    this.#parts = parts;
  }

  note(targetId: string, offset: number): void {
    const { environment, ackIntervalMs } = this.#parts;
    this.#offsets.set(targetId, offset);
    this.#unsent.add(targetId);
    this.#cancelTimer ??= environment.after(ackIntervalMs, () => this.flush());
  }

  /** What was noted of logs that are no more is not said of those that took their place. */
  forget(): void {
    this.#offsets.clear();
    this.#unsent.clear();
  }

  /**
   * There is another connection, which follows these targets: what was sent on the one before may have been lost with
   * it, and the relay ignores what it has received already.
   */
  repeat(followed: { has(targetId: string): boolean }): void {
    for (const targetId of this.#offsets.keys()) {
      if (followed.has(targetId)) this.#unsent.add(targetId);
      else this.#offsets.delete(targetId);
    }
    this.flush();
  }

  /** Sends at once what there is to say; what can't be sent is kept for the next connection. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const targetId of this.#unsent) {
      const offset = this.#offsets.get(targetId);
      if (offset === undefined || this.#parts.send(targetId, offset)) this.#unsent.delete(targetId);
    }
  }
}
