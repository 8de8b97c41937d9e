import type { Environment } from './environment.ts';

interface AcksParts {
  readonly environment: Environment;
  readonly ackIntervalMs: number;
  /** False where there is nobody to hear it. */
  readonly send: (targetId: string, offset: number) => boolean;
}

/** Tells the relay what has been handled: the highest offset of each target, together, once in a while. */
export class Acks {
  readonly #parts: AcksParts;
  readonly #offsets = new Map<string, number>();
  #cancelTimer: (() => void) | undefined;

  constructor(parts: AcksParts) {
    this.#parts = parts;
  }

  note(targetId: string, offset: number): void {
    const { environment, ackIntervalMs } = this.#parts;
    this.#offsets.set(targetId, offset);
    this.#cancelTimer ??= environment.after(ackIntervalMs, () => this.flush());
  }

  /** What was noted of logs that are no more is not said of those that took their place. */
  forget(): void {
    this.#offsets.clear();
  }

  /** Sends at once what there is to say; what nobody hears is kept for the next connection. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const [targetId, offset] of this.#offsets)
      if (this.#parts.send(targetId, offset)) this.#offsets.delete(targetId);
  }
}
