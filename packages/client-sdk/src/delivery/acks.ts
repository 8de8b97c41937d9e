import type { Environment } from '../platform/environment.ts';

interface AcksParts {
  readonly environment: Environment;
  readonly ackIntervalMs: number;
  /** False if there is no connection to send it on. */
  readonly send: (targetId: string, offset: number) => boolean;
}

/** Acknowledges what has been handled: the highest offset of each target, several targets at once, at intervals. */
export class Acks {
  readonly #parts: AcksParts;
  /** The highest handled offset of each target. Kept after sending, because the relay may not receive it. */
  readonly #offsets = new Map<string, number>();
  /** The targets whose offset has not been sent on the current connection. */
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

  /** The logs were restarted: the noted offsets mean nothing in the new ones. */
  forget(): void {
    this.#offsets.clear();
    this.#unsent.clear();
  }

  /**
   * A new connection follows these targets. Acks sent on the previous one may be lost, so they are sent again; the
   * relay ignores those it knows.
   */
  repeat(followed: { has(targetId: string): boolean }): void {
    for (const targetId of this.#offsets.keys()) {
      if (followed.has(targetId)) this.#unsent.add(targetId);
      else this.#offsets.delete(targetId);
    }
    this.flush();
  }

  /** Sends all unsent acks at once. Without a connection they wait for the next one. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const targetId of this.#unsent) {
      const offset = this.#offsets.get(targetId);
      if (offset === undefined || this.#parts.send(targetId, offset)) this.#unsent.delete(targetId);
    }
  }
}
