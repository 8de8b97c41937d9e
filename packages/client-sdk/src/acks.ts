import type { Environment } from './environment.ts';

export interface AcksParts {
  readonly environment: Environment;
  readonly intervalMs: number;
  /** Asked only while there is a connection that was identified. */
  readonly send: (targetId: string, offset: number) => void;
}

/** Tells the relay what has been handled: the highest offset of each target, together, once in a while. */
export class Acks {
  readonly #parts: AcksParts;
  readonly #offsets = new Map<string, number>();
  #isConnected = false;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: AcksParts) {
    this.#parts = parts;
  }

  note(targetId: string, offset: number): void {
    this.#offsets.set(targetId, offset);
    this.#schedule();
  }

  /** What was noted of logs that are no more is not said of those that took their place. */
  forget(): void {
    this.#offsets.clear();
  }

  setConnected(isConnected: boolean): void {
    this.#isConnected = isConnected;
    if (isConnected && this.#offsets.size > 0) this.#schedule();
  }

  /** Sends at once what there is to say, if anybody is there to hear it. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (!this.#isConnected) return;
    for (const [targetId, offset] of this.#offsets) this.#parts.send(targetId, offset);
    this.#offsets.clear();
  }

  #schedule(): void {
    this.#cancelTimer ??= this.#parts.environment.after(this.#parts.intervalMs, () => this.flush());
  }
}
