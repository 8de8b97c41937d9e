import type { Ack, AckPlace } from '@postline/message-store';
import { isGroupId } from '@postline/protocol';
import { AckWriter, type AckWriterOptions } from './ack-writer.ts';

export interface AcksOptions extends Omit<AckWriterOptions, 'intervalMs' | 'rowsPerRoundMax'> {
  readonly ackWriteIntervalMs: number;
  readonly groupAckWriteIntervalMs: number;
  readonly groupAcksPerSecondMax: number;
}

/**
 * The acks of all readers. Those of groups gather longer, and so many a second are written at most: one message to a
 * large group brings an ack from each of its members.
 */
export class Acks {
  readonly #own: AckWriter;
  readonly #groups: AckWriter;

  constructor({
    ackWriteIntervalMs,
    groupAckWriteIntervalMs,
    groupAcksPerSecondMax,
    ...options
  }: AcksOptions) {
    this.#own = new AckWriter({ ...options, intervalMs: ackWriteIntervalMs });
    this.#groups = new AckWriter({
      ...options,
      intervalMs: groupAckWriteIntervalMs,
      rowsPerRoundMax: Math.ceil((groupAcksPerSecondMax * groupAckWriteIntervalMs) / 1_000),
    });
  }

  /** Readers whose ack is not stored yet. */
  get size(): number {
    return this.#own.size + this.#groups.size;
  }

  /** Takes an ack that was checked; false if too many wait, and it is dropped. */
  keep(ack: Ack): boolean {
    return (isGroupId(ack.targetId) ? this.#groups : this.#own).keep(ack);
  }

  /** A connection of this reader has ended: it may ask any relay for its last ack in a moment. */
  hurry(place: AckPlace): void {
    if (!isGroupId(place.targetId)) this.#own.hurry(place);
  }

  /** Resolves once everything that this reader acked for its own target is stored. Rejects if the database is away. */
  saved(place: AckPlace): Promise<void> {
    return this.#own.saved(place);
  }

  /** An ack for a group that is not stored yet. */
  waiting(place: AckPlace): Ack | undefined {
    return this.#groups.waiting(place);
  }

  /** Stores what is there, if the database takes it in time. To be called when no more acks arrive. */
  async close(): Promise<void> {
    await Promise.all([this.#own.close(), this.#groups.close()]);
  }
}
