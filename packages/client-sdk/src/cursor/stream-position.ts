import type { IdentifiedFrame, NewMessageFrame, TruncatedFrame } from '@postline/protocol';
import { type Cursor, type CursorMark, markOf } from './cursor.ts';
import { hasTexts, isJsonObject } from '../json-value.ts';
import type { Restart } from '../message.ts';

/** What an `identified` frame means to a client that may have been connected before. */
export interface StreamStart {
  /** Where the stream of each target goes on. */
  readonly cursor: Cursor;
  /** Messages that are in the logs already and come now. */
  readonly missed: number;
  /** The targets whose log is another one than the cursor belonged to. */
  readonly restarts: readonly Restart[];
}

/**
 * What has been received of each target, over all connections: it runs ahead of the cursor, which only moves when a
 * message has been handled. What waits between the two is in the inbox, so a reconnect asks for nothing twice.
 */
export class StreamPosition {
  #epoch: string | undefined;
  readonly #offsets = new Map<string, number>();
  /** The message at that offset, where it is known. */
  readonly #at = new Map<string, CursorMark>();
  readonly #heads = new Map<string, number>();

  /** Goes on from a cursor that was kept. */
  goOnFrom(cursor: Cursor): void {
    this.#epoch = cursor.epoch;
    for (const [targetId, offset] of Object.entries(cursor.offsets)) {
      const mark: unknown = cursor.at?.[targetId];
      this.#offsets.set(targetId, offset);
      if (isJsonObject(mark) && hasTexts(mark, 'id', 'createdAt')) this.#at.set(targetId, markOf(mark));
    }
  }

  /** What the relay is to be told on a reconnect; `undefined` where there is nothing to go on from. */
  resume(): Cursor | undefined {
    return this.#epoch === undefined ? undefined : this.#cursor(this.#epoch);
  }

  /** `asked`: the relay was told to go on from somewhere, by a cursor or by the last ack. */
  begin(frame: IdentifiedFrame, asked: boolean): StreamStart {
    const { epoch } = frame;
    const restarts: Restart[] = [];
    let missed = 0;
    this.#heads.clear();
    for (const [targetId, { offset, head, recovered }] of frame.targets) {
      const lostOffset = this.#offsets.get(targetId);
      const wasKnown = lostOffset !== undefined || this.#epoch === undefined;
      if (asked && wasKnown && !recovered) restarts.push({ targetId, epoch, lostOffset, offset });
      missed += Math.max(0, head - offset);
      if (!recovered || offset !== lostOffset) this.#at.delete(targetId);
      this.#offsets.set(targetId, offset);
      this.#heads.set(targetId, head);
    }
    this.#epoch = epoch;
    return { cursor: this.#cursor(epoch), missed, restarts };
  }

  /** Moves on to a message. `repeat`: it came before. `gap`: one before it is missing; nothing has moved. */
  place(frame: NewMessageFrame): 'missed' | 'live' | 'repeat' | 'gap' {
    const { targetId, offset, epoch } = frame;
    const last = this.#offsets.get(targetId);
    if (last === undefined || epoch !== this.#epoch) return 'gap';
    if (offset <= last) return 'repeat';
    if (offset > last + 1) return 'gap';
    this.#offsets.set(targetId, offset);
    this.#at.set(targetId, markOf(frame));
    return offset <= (this.#heads.get(targetId) ?? 0) ? 'missed' : 'live';
  }

  /** Moves on over messages that the retention rule deleted. False where it was there already. */
  skip({ targetId, to }: TruncatedFrame): boolean {
    const last = this.#offsets.get(targetId);
    if (last === undefined || to <= last) return false;
    this.#offsets.set(targetId, to);
    this.#at.delete(targetId);
    return true;
  }

  /** Whether everything has been received that was there when the connection was. */
  isAtHeads(): boolean {
    return [...this.#heads].every(([targetId, head]) => (this.#offsets.get(targetId) ?? 0) >= head);
  }

  #cursor(epoch: string): Cursor {
    return { epoch, offsets: Object.fromEntries(this.#offsets), at: Object.fromEntries(this.#at) };
  }
}
