import { HEADS_PER_READ_MAX, type LogHead, type MessageStore } from '@postline/message-store';

/** A target's head as the database told it. */
export interface HeadReading extends LogHead {
  readonly epoch: string;
}

interface Waiter {
  readonly resolve: (reading: HeadReading) => void;
  readonly reject: (error: unknown) => void;
}

/** Two statements at once keep the database busy while one answer is being handed out; more only queue there. */
const PARALLEL_READS_MAX = 2;

/**
 * Reads heads for whoever needs one now. Requests that come while the database works are answered together by the
 * next statement, which is sent after they came: a reading is never older than its request.
 */
export class HeadReader {
  readonly #store: Pick<MessageStore, 'readHeads'>;
  #waiting = new Map<string, Waiter[]>();
  #active = 0;
  #flushPlanned = false;

  constructor(store: Pick<MessageStore, 'readHeads'>) {
    this.#store = store;
  }

  /** The target's head, read after the call. Rejects with the store's error where the database doesn't answer. */
  read(targetId: string): Promise<HeadReading> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiting.get(targetId);
      if (waiters === undefined) this.#waiting.set(targetId, [{ resolve, reject }]);
      else waiters.push({ resolve, reject });
      this.#planFlush();
    });
  }

  /** After this turn of the event loop, so that all identifies that arrived together share a statement. */
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
      const { epoch, heads } = await this.#store.readHeads([...batch.keys()]);
      for (const [targetId, waiters] of batch) {
        const { head, epochStart } = heads.get(targetId) ?? { head: 0, epochStart: 0 };
        for (const waiter of waiters) waiter.resolve({ epoch, head, epochStart });
      }
    } catch (error) {
      for (const waiters of batch.values()) for (const waiter of waiters) waiter.reject(error);
    } finally {
      this.#active -= 1;
      this.#planFlush();
    }
  }

  #takeBatch(): Map<string, Waiter[]> {
    if (this.#waiting.size <= HEADS_PER_READ_MAX) {
      const batch = this.#waiting;
      this.#waiting = new Map();
      return batch;
    }
    const batch = new Map([...this.#waiting].slice(0, HEADS_PER_READ_MAX));
    for (const targetId of batch.keys()) this.#waiting.delete(targetId);
    return batch;
  }
}
