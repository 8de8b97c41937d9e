import type { Environment } from '../../src/platform/environment.ts';
import { nodeEnvironment } from '../../src/platform/node-environment.ts';

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Real sockets, and a clock that only the test moves. */
export class TestEnvironment implements Environment {
  /** The result of `random`. */
  chance = 0.5;
  #nowMs = 1_000_000;
  readonly #timers = new Set<Timer>();
  readonly #wakers = new Set<() => void>();
  readonly #canPause: boolean;

  constructor({ canPause = true } = {}) {
    this.#canPause = canPause;
  }

  readonly random = () => this.chance;

  now(): number {
    return this.#nowMs;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + milliseconds, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  openSocket: Environment['openSocket'] = (url, listener) => {
    const socket = nodeEnvironment.openSocket(url, listener);
    return this.#canPause ? socket : { send: socket.send, close: socket.close };
  };

  onWake(listener: () => void): () => void {
    this.#wakers.add(listener);
    return () => void this.#wakers.delete(listener);
  }

  /** The network is back. */
  wake(): void {
    for (const waker of this.#wakers) waker();
  }

  get wakers(): number {
    return this.#wakers.size;
  }

  /** Advances the clock, and calls every timer that falls due, in order. */
  advance(milliseconds: number): void {
    const endMs = this.#nowMs + milliseconds;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = next.atMs;
      next.callback();
    }
    this.#nowMs = endMs;
  }
}
