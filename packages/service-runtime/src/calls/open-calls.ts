/** Counts calls under way, so that a shutdown can wait for them. */
export class OpenCalls {
  #count = 0;
  #onIdle: (() => void)[] = [];

  /** Counts the call until it settles, and settles as it does. */
  async track<T>(call: Promise<T>): Promise<T> {
    this.begin();
    try {
      return await call;
    } finally {
      this.end();
    }
  }

  /** Counts a call until `end`. */
  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) for (const onIdle of this.#onIdle.splice(0)) onIdle();
  }

  /** Resolves when no call is under way. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle.push(resolve);
    });
  }
}
