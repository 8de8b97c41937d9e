import { type Ack, type AckPlace, ACKS_PER_SAVE_MAX, type MessageStore } from '@postline/message-store';
import { type ActivityHealth, type Logger, partsOf, pause, withDeadline } from '@postline/service-runtime';
import type { RelayCounters } from '../metrics/relay-counters.ts';

/** Time between two tries while the database is away. */
const RETRY_MS = 500;
/** Time to store the last acks when the relay ends: one try for a slow database, none for one that is away. */
const LAST_SAVE_MS = 2_000;

export interface AckWriterOptions {
  readonly store: Pick<MessageStore, 'saveAcks'>;
  readonly counters: RelayCounters;
  readonly logger: Logger;
  /** Notes whether the database stores them. */
  readonly storing: Pick<ActivityHealth, 'worked' | 'failed'>;
  /** Milliseconds in which acks gather before they are written together. */
  readonly intervalMs: number;
  /** Readers whose ack may wait; acks of more readers are dropped until the database has stored some. */
  readonly waitingMax: number;
  /** Acks written in one interval; the rest waits for the next. No bound if left out. */
  readonly rowsPerRoundMax?: number;
}

/**
 * Stores the highest ack of each reader, many in one statement. An ack covers all before it, so the next one makes up for
 * one that was lost: its reader only gets some messages again.
 */
export class AckWriter {
  readonly #options: AckWriterOptions;
  /** The highest ack of each reader, without those that are being written. */
  #waiting = new Map<string, Ack>();
  /** The acks of the current round that are not stored yet. */
  #writing = new Map<string, Ack>();
  #round: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** A reader that has left has an ack among those waiting: the next round follows at once. */
  #hurried = false;
  #failing = false;

  constructor(options: AckWriterOptions) {
    this.#options = options;
  }

  /** Readers whose ack is not stored yet. */
  get size(): number {
    return this.#waiting.size + this.#writing.size;
  }

  /** An ack of this reader that is not stored yet. */
  waiting(place: AckPlace): Ack | undefined {
    const key = keyOf(place);
    return this.#waiting.get(key) ?? this.#writing.get(key);
  }

  /** Takes an ack that was checked; false if too many wait, and it is dropped. */
  keep(ack: Ack): boolean {
    const { counters, waitingMax, intervalMs } = this.#options;
    const key = keyOf(ack);
    const before = this.#waiting.get(key);
    if (before === undefined && this.size >= waitingMax) {
      counters.acksDropped += 1;
      return false;
    }
    counters.acksKept += 1;
    if (before?.epoch !== ack.epoch || before.offset < ack.offset) this.#waiting.set(key, ack);
    this.#plan(intervalMs);
    return true;
  }

  /** A connection of this reader has ended: it may ask any relay for its last ack in a moment. */
  hurry(place: AckPlace): void {
    if (!this.#waiting.has(keyOf(place)) || this.#failing) return;
    this.#hurried = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#plan(0);
  }

  /** Resolves once everything that this reader acked is stored. Rejects if the database does not store it. */
  async saved(place: AckPlace): Promise<void> {
    const key = keyOf(place);
    if (this.#waiting.has(key) || this.#writing.has(key)) await this.#flush();
  }

  /** Stores what is there, if the database takes it in time. To be called when no more acks arrive. */
  async close(): Promise<void> {
    const end = performance.now() + LAST_SAVE_MS;
    for (let leftMs = LAST_SAVE_MS; this.size > 0 && leftMs > 0; leftMs = end - performance.now()) {
      try {
        await withDeadline(this.#flush(), { what: 'saving the last acks', milliseconds: leftMs });
      } catch {
        await pause(Math.min(RETRY_MS, Math.max(0, end - performance.now())));
      }
    }
    clearTimeout(this.#timer);
    if (this.size === 0) return;
    this.#options.logger.warn(
      { readers: this.size },
      'the last acks of some readers were not stored: these readers will get some messages again',
    );
  }

  /** Stores everything that arrived before the call: the current round, and one that begins after it. */
  async #flush(): Promise<void> {
    await this.#round?.catch(() => undefined);
    await (this.#round ?? this.#beginRound());
  }

  #plan(afterMs: number): void {
    if (this.#timer !== undefined || this.#round !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#beginRound().catch(() => undefined); // reported by `storing`, and retried
    }, afterMs);
  }

  #beginRound(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#hurried = false;
    this.#round = this.#save().finally(() => {
      this.#round = undefined;
      if (this.#waiting.size > 0) this.#plan(this.#pauseMs());
    });
    return this.#round;
  }

  #pauseMs(): number {
    if (this.#failing) return Math.max(RETRY_MS, this.#options.intervalMs);
    return this.#hurried ? 0 : this.#options.intervalMs;
  }

  async #save(): Promise<void> {
    const { store, counters } = this.#options;
    const writing = this.#takeRound();
    this.#writing = writing;
    try {
      for (const part of partsOf([...writing], ACKS_PER_SAVE_MAX)) {
        await store.saveAcks(part.map(([, ack]) => ack));
        counters.ackWrites += 1;
        for (const [key] of part) writing.delete(key);
      }
      this.#noteWorks();
    } catch (error) {
      for (const [key, ack] of writing) if (!this.#waiting.has(key)) this.#waiting.set(key, ack);
      this.#noteFails(error);
      throw error;
    } finally {
      this.#writing = new Map();
    }
  }

  /** The acks of one round, those first that wait longest. */
  #takeRound(): Map<string, Ack> {
    const { rowsPerRoundMax = Infinity } = this.#options;
    const waiting = this.#waiting;
    if (waiting.size <= rowsPerRoundMax) {
      this.#waiting = new Map();
      return waiting;
    }
    const round = new Map<string, Ack>();
    for (const [key, ack] of waiting) {
      if (round.size >= rowsPerRoundMax) break;
      round.set(key, ack);
      waiting.delete(key);
    }
    return round;
  }

  #noteWorks(): void {
    this.#failing = false;
    this.#options.storing.worked();
  }

  #noteFails(error: unknown): void {
    this.#failing = true;
    this.#options.storing.failed(error);
  }
}

/** No id contains a space. */
function keyOf({ clientId, deviceId = '', targetId }: AckPlace): string {
  return `${clientId} ${deviceId} ${targetId}`;
}
