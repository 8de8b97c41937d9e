interface Waiter<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** Two statements at once keep the database busy while one answer is being handed out; more only queue there. */
const PARALLEL_READS_MAX = 2;

export interface BatchedReaderOptions<Value> {
  /** Keys that one statement may ask for. */
  readonly keysMax: number;
  /** Reads several keys by one statement; gives what each is worth. */
  readonly readBatch: (keys: readonly string[]) => Promise<(key: string) => Value>;
}

/**
 * Reads something of the database for whoever needs it now. Requests that come while the database works are answered
 * together by the next statement, which is sent after they came: what is read is never older than its request.
 */
export class BatchedReader<Value> {
  readonly #options: BatchedReaderOptions<Value>;
  #waiting = new Map<string, Waiter<Value>[]>();
  #active = 0;
  #flushPlanned = false;

  constructor(options: BatchedReaderOptions<Value>) {
    this.#options = options;
  }

  /** Read after the call. Rejects with the store's error where the database doesn't answer. */
  read(key: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiting.get(key);
      if (waiters === undefined) this.#waiting.set(key, [{ resolve, reject }]);
      else waiters.push({ resolve, reject });
      this.#planFlush();
    });
  }

  /** After this turn of the event loop, so that all requests that arrived together share a statement. */
  #planFlush(): void {
    if (this.#flushPlanned || this.#active >= PARALLEL_READS_MAX || this.#waiting.size === 0) return;
    this.#flushPlanned = true;
    setImmediate(() => {
      this.#flushPlanned = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#takeBatch();
    if (batch.size === 0) return;
    this.#active += 1;
    this.#planFlush();
    try {
      const valueOf = await this.#options.readBatch([...batch.keys()]);
      for (const [key, waiters] of batch) {
        const value = valueOf(key);
        for (const waiter of waiters) waiter.resolve(value);
      }
    } catch (error) {
      for (const waiters of batch.values()) for (const waiter of waiters) waiter.reject(error);
    } finally {
      this.#active -= 1;
      this.#planFlush();
    }
  }

  #takeBatch(): Map<string, Waiter<Value>[]> {
    const { keysMax } = this.#options;
    if (this.#waiting.size <= keysMax) {
      const batch = this.#waiting;
      this.#waiting = new Map();
      return batch;
    }
    const batch = new Map([...this.#waiting].slice(0, keysMax));
    for (const key of batch.keys()) this.#waiting.delete(key);
    return batch;
  }
}
