import { type Ack, type AckPlace, ACKS_PER_SAVE_MAX, type MessageStore } from '@postline/message-store';
import { type ActivityHealth, type Logger, pause, withDeadline } from '@postline/service-runtime';
import type { RelayCounters } from '../metrics/relay-counters.ts';

/** Between two tries while the database is away. */
const RETRY_MS = 500;
/** What the last acks get to be stored when the relay ends: one try of a database that is slow, not one that is away. */
const LAST_SAVE_MS = 2_000;

export interface AckWriterOptions {
  readonly store: Pick<MessageStore, 'saveAcks'>;
  readonly counters: RelayCounters;
  readonly logger: Logger;
  /** Notes whether the database takes them. */
  readonly storing: Pick<ActivityHealth, 'worked' | 'failed'>;
  /** Milliseconds in which acks gather before they are written together. */
  readonly intervalMs: number;
  /** Readers whose ack may wait; of further ones none is kept until the database has taken some. */
  readonly waitingMax: number;
}

/**
 * Stores acks, of each reader only the highest, many in one statement. Since an ack covers all before it, none is
 * missed by the next: losing one only means that its reader gets some messages again.
 */
export class AckWriter {
  readonly #options: AckWriterOptions;
  /** The highest ack of each reader that is not being written yet. */
  #waiting = new Map<string, Ack>();
  /** What of the round under way is not stored yet. */
  #writing = new Map<string, Ack>();
  #round: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Somebody who has gone had an ack among those waiting: the next round follows at once. */
  #hurried = false;
  #failing = false;

  constructor(options: AckWriterOptions) {
    this.#options = options;
  }

  /** Readers whose ack is not stored yet. */
  get size(): number {
    return this.#waiting.size + this.#writing.size;
  }

  /** Takes an ack that was checked; false where too many wait, and it is not kept. */
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

  /** A connection of this reader is gone: it may ask for its last ack in a moment, of any relay. */
  hurry(place: AckPlace): void {
    if (!this.#waiting.has(keyOf(place)) || this.#failing) return;
    this.#hurried = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#plan(0);
  }

  /** Resolves once what this reader acked before is stored. Rejects where the database doesn't take it. */
  async saved(place: AckPlace): Promise<void> {
    const key = keyOf(place);
    if (this.#waiting.has(key) || this.#writing.has(key)) await this.#flush();
  }

  /** Stores what is there, if the database takes it in time. To be called when no more acks come. */
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
      'the last acks of some readers could not be stored: they will get some messages again',
    );
  }

  /** Everything that came before the call: what is being written now, and a round begun after it. */
  async #flush(): Promise<void> {
    await this.#round?.catch(() => undefined);
    await (this.#round ?? this.#beginRound());
  }

  #plan(afterMs: number): void {
    if (this.#timer !== undefined || this.#round !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#beginRound().catch(() => undefined); // said once, and tried again
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
    const writing = this.#waiting;
    this.#writing = writing;
    this.#waiting = new Map();
    const acks = [...writing];
    try {
      for (let start = 0; start < acks.length; start += ACKS_PER_SAVE_MAX) {
        const part = acks.slice(start, start + ACKS_PER_SAVE_MAX);
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

  #noteWorks(): void {
    this.#failing = false;
    this.#options.storing.worked();
  }

  #noteFails(error: unknown): void {
    this.#failing = true;
    this.#options.storing.failed(error);
  }
}

/** No id has a space in it. */
function keyOf({ clientId, deviceId = '', targetId }: AckPlace): string {
  return `${clientId} ${deviceId} ${targetId}`;
}
