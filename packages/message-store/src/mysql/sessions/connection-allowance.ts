/**
 * One API and one relay together have five pools: the API's writers, readers and savers, the relay's readers and
 * savers. With a fifth of what the server allows for each, the two of them never need more than all of it.
 */
const POOLS_OF_BOTH_SERVICES = 5;

/** After a refusal one more connection is tried each time so much has passed: a failed attempt costs the server little. */
const GROW_EVERY_MS = 2_000;

/**
 * How many connections a pool may have now. Never more than it was given; less where the server allows few, and for a
 * while after the server had no room for another one: then half of what is open is given up, because whoever lacks
 * its first connection (another process, mostly) needs one more than we need our last.
 */
export class ConnectionAllowance {
  readonly #connectionsMax: number;
  readonly #onGrown: () => void;
  /** Until the first connection has read the server's limits, there is only that one. */
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

  /** A connection was made; this is what its server allows. */
  learn(serverConnectionsMax: number): void {
    this.#serverShare = Math.max(1, Math.floor(serverConnectionsMax / POOLS_OF_BOTH_SERVICES));
  }

  /** The server had no room for another connection beside these. */
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
