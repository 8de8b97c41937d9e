/**
 * One API and one relay together have five pools: the API's writers, readers and savers, and the relay's readers and
 * savers. If each pool takes at most a fifth of what the server allows, both services together never need more than all
 * of it.
 */
const POOLS_OF_BOTH_SERVICES = 5;

/**
 * After a refusal, one more connection is allowed each time this much time has passed. A failed attempt costs the
 * server little.
 */
const GROW_EVERY_MS = 2_000;

/**
 * How many connections a pool may have now. Never more than configured, and fewer if the server allows few. After the
 * server had no room for another connection, half of the open connections are given up for a while: another process may
 * lack its first connection, and needs one more than we need our last one.
 */
export class ConnectionAllowance {
  readonly #connectionsMax: number;
  readonly #onGrown: () => void;
  /** Until the first connection has read the server's limits, the pool may have only that one. */
  #serverShare = 1;
  #afterRefusal = Infinity;
  #growTimer: NodeJS.Timeout | undefined;

  constructor(connectionsMax: number, onGrown: () => void) {
    this.#connectionsMax = connectionsMax;
    this.#onGrown = onGrown;
  }

  get connections(): number {
    return Math.min(this.#connectionsMax, this.#serverShare, this.#afterRefusal);
  }

  /** Call this when a connection was made, with the number of connections that its server allows. */
  learn(serverConnectionsMax: number): void {
    this.#serverShare = Math.max(1, Math.floor(serverConnectionsMax / POOLS_OF_BOTH_SERVICES));
  }

  /** Call this when the server had no room for another connection besides these. */
  refused(openCount: number): void {
    this.#afterRefusal = Math.max(1, Math.floor(openCount / 2));
    this.#growTimer ??= setInterval(() => {
      this.#grow();
    }, GROW_EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#growTimer);
  }

  #grow(): void {
    this.#afterRefusal += 1;
    if (this.#afterRefusal >= this.#connectionsMax) {
      this.#afterRefusal = Infinity;
      clearInterval(this.#growTimer);
      this.#growTimer = undefined;
    }
    this.#onGrown();
  }
}
