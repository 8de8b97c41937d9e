/** Reads of the last one to two periods count: long enough to see occasional readers beside one that never stops. */
const PERIOD_MS = 5_000;

/** Bytes that a client may read in this time without being paced: the backlog of a night, at full speed. */
const FREE_BYTES = 16 * 1024 * 1024;

/** A client that reads so many times the others' mean is paced. Many that catch up at the same time are not. */
const UNEVEN_FACTOR = 4;

/** The pace: 32 Mbit/s, faster than most lines to a client, and a twentieth of what one process can do. */
const PACED_BYTES_PER_MS = 4 * 1024;

/** Clients that are counted in a period; others are not paced. At 100 bytes each they take a megabyte. */
const CLIENTS_MAX = 10_000;

/** Bytes read in one period. */
class Period {
  readonly byClient = new Map<string, number>();
  bytes = 0;

  bytesOf(clientId: string): number {
    return this.byClient.get(clientId) ?? 0;
  }

  add(clientId: string, bytes: number): void {
    const before = this.byClient.get(clientId);
    if (before === undefined && this.byClient.size >= CLIENTS_MAX) return;
    this.byClient.set(clientId, (before ?? 0) + bytes);
    this.bytes += bytes;
  }
}

/**
 * Slots share out the database, and nothing else: the frames of a page are made and written in the one thread that serves
 * everybody. So a client that reads far more than the others waits between its reads, as long as there are others.
 */
export class ReadPace {
  readonly #now: () => number;
  #current = new Period();
  #previous = new Period();
  #currentSince: number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#currentSince = now();
  }

  /** Counts the cost of a read, and returns how long the client must wait before its next one. */
  pauseMs(clientId: string, bytes: number): number {
    this.#turnPeriod();
    this.#current.add(clientId, bytes);
    return this.#hasFarMore(clientId) ? bytes / PACED_BYTES_PER_MS : 0;
  }

  #hasFarMore(clientId: string): boolean {
    const [current, previous] = [this.#current, this.#previous];
    const own = current.bytesOf(clientId) + previous.bytesOf(clientId);
    if (own <= FREE_BYTES) return false;
    const others = Math.max(current.byClient.size, previous.byClient.size) - 1;
    return others > 0 && own > (UNEVEN_FACTOR * (current.bytes + previous.bytes - own)) / others;
  }

  #turnPeriod(): void {
    const ageMs = this.#now() - this.#currentSince;
    if (ageMs < PERIOD_MS) return;
    this.#previous = ageMs < 2 * PERIOD_MS ? this.#current : new Period();
    this.#current = new Period();
    this.#currentSince = this.#now();
  }
}
