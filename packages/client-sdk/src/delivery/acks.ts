import type { TargetPosition } from '../cursor/stream-position.ts';
import type { Environment } from '../platform/environment.ts';

interface AcksParts {
  readonly environment: Environment;
  /** If false, nothing is acknowledged. */
  readonly acks?: boolean;
  readonly ackIntervalMs: number;
  readonly position: { all(): Iterable<TargetPosition> };
  /** False if there is no connection to send it on. */
  readonly send: (frame: { type: 'ack'; targetId: string; offset: number }) => boolean;
}

/** Acknowledges what has been handled: the last offset of each target, several targets at once, at intervals. */
export class Acks {
  readonly #parts: AcksParts;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: AcksParts) {
    this.#parts = parts;
  }

  /** A message has been handled. */
  note(): void {
    const { environment, ackIntervalMs } = this.#parts;
    this.#cancelTimer ??= environment.after(ackIntervalMs, () => this.flush());
  }

  /** Acks sent on the previous connection may be lost, so they are sent again; the relay ignores those it knows. */
  repeat(): void {
    for (const position of this.#parts.position.all()) position.acked = position.begun;
    this.flush();
  }

  /** Sends all unsent acks at once. Without a connection they wait for the next one. */
  flush(): void {
    const { position: all, send } = this.#parts;
    // <not in the script>
    if (this.#parts.acks === false) return;
    // </not in the script>
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const position of all.all()) {
      const { targetId, head, handled, acked } = position;
      if (head !== undefined && handled > acked && send({ type: 'ack', targetId, offset: handled }))
        position.acked = handled;
    }
  }
}
