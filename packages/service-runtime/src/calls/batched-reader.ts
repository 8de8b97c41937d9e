/** The one promise of all callers of a key. */
interface Waiter<Value> {
  readonly value: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

type Waiters<Key, Value> = Map<Key, Waiter<Value>>;

/** Two reads at once keep the database busy while an answer is handed out; more would only queue there. */
const PARALLEL_READS_DEFAULT_MAX = 2;

export interface BatchedReaderOptions<Value, Key> {
  /** Keys that one read may ask for. */
  readonly keysMax: number;
  /** Reads under way at once; 2 where it is left out. */
  readonly parallelReadsMax?: number;
  /** Reads several keys at once, and returns the value of each. */
  readonly readBatch: (keys: readonly Key[]) => Promise<(key: Key) => Value>;
  /**
   * Whom a key is read for. If given, each batch takes one key for every asker, then a second one, until it is full.
   */
  readonly askerOf?: (key: Key) => string;
}

/**
 * Coalesces many callers into few reads. Calls that arrive during a read share the next one, which starts after them: a
 * value is never older than its call. Callers of one key share its value. The callers bound how many wait.
 */
export class BatchedReader<Value, Key = string> {
  readonly #options: BatchedReaderOptions<Value, Key>;
  readonly #parallelReadsMax: number;
  /** By asker, in the order of their turns. */
  readonly #waiting = new Map<string, Waiters<Key, Value>>();
  #activeReads = 0;
  #isFlushPlanned = false;

  constructor(options: BatchedReaderOptions<Value, Key>) {
    this.#options = options;
    this.#parallelReadsMax = options.parallelReadsMax ?? PARALLEL_READS_DEFAULT_MAX;
  }

  /** A value read after the call. Rejects with the error of the read. */
  read(key: Key): Promise<Value> {
    const asker = this.#options.askerOf?.(key) ?? '';
    let waiters = this.#waiting.get(asker);
    if (waiters === undefined) this.#waiting.set(asker, (waiters = new Map<Key, Waiter<Value>>()));
    let waiter = waiters.get(key);
    if (waiter === undefined) {
      waiters.set(key, (waiter = waiterOf<Value>()));
      this.#planFlush();
    }
    return waiter.value;
  }

  /** After this turn of the event loop, so that all calls that arrived together share a read. */
  #planFlush(): void {
    if (this.#isFlushPlanned || this.#activeReads >= this.#parallelReadsMax || this.#waiting.size === 0)
      return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#takeBatch();
    this.#activeReads += 1;
    this.#planFlush();
    try {
      const valueOf = await this.#options.readBatch([...batch.keys()]);
      for (const [key, waiter] of batch) waiter.resolve(valueOf(key));
    } catch (error) {
      for (const waiter of batch.values()) waiter.reject(error);
    } finally {
      this.#activeReads -= 1;
      this.#planFlush();
    }
  }

  #takeBatch(): Waiters<Key, Value> {
    const batch: Waiters<Key, Value> = new Map();
    for (const [asker, waiters] of this.#waiting) {
      const isOnlyAsker = this.#waiting.size === 1;
      for (const [key, ofKey] of waiters) {
        if (batch.size >= this.#options.keysMax) return batch;
        waiters.delete(key);
        batch.set(key, ofKey);
        if (!isOnlyAsker) break;
      }
      this.#waiting.delete(asker);
      if (waiters.size > 0) this.#waiting.set(asker, waiters); // to the end, where this loop comes to it again
    }
    return batch;
  }
}

function waiterOf<Value>(): Waiter<Value> {
  let resolve: Waiter<Value>['resolve'] = () => undefined;
  let reject: Waiter<Value>['reject'] = () => undefined;
  const value = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { value, resolve, reject };
}
