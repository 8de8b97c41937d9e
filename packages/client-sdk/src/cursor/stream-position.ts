import type { IdentifiedFrame, NewMessageFrame, TruncatedFrame } from '@postline/protocol';
import { type Cursor, type CursorMark, markOf } from './cursor.ts';
import { hasTexts, isJsonObject } from '../json-value.ts';
import type { Restart } from '../message.ts';

/** As it is written in `identify`. */
interface ReceivedCursor extends Cursor {
  readonly offsets: Record<string, number>;
  readonly at: Record<string, CursorMark>;
}

/** The meaning of an `identified` frame for a client that may have been connected before. */
export interface StreamStart {
  /** Where the stream of each target continues. */
  readonly cursor: ReceivedCursor;
  /** Messages that are already in the logs and will arrive now. */
  readonly missed: number;
  /** The targets whose log was restarted since the cursor. */
  readonly restarts: readonly Restart[];
}

/**
 * The last offset received of each target, over all connections. It runs ahead of the cursor, which moves when a
 * message has been handled. The inbox holds the messages between the two, so a reconnect requests nothing twice.
 */
export class StreamPosition {
  #epoch: string | undefined;
  readonly #offsets = new Map<string, number>();
  /** The message at each of these offsets, where it is known. */
  readonly #at = new Map<string, CursorMark>();
  readonly #heads = new Map<string, number>();

  /** Continues from a stored cursor. */
  resumeFrom(cursor: Cursor): void {
    this.#epoch = cursor.epoch;
    for (const [targetId, offset] of Object.entries(cursor.offsets)) {
      const mark: unknown = cursor.at?.[targetId];
      this.#offsets.set(targetId, offset);
      if (isJsonObject(mark) && hasTexts(mark, 'id', 'createdAt')) this.#at.set(targetId, markOf(mark));
    }
  }

  /** What the next `identify` asks for; `undefined` if there is no position yet. */
  resume(): ReceivedCursor | undefined {
    return this.#epoch === undefined ? undefined : this.#cursor(this.#epoch);
  }

  /** `asked`: the client requested a position, by a cursor or by its last ack. */
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

  /** Moves to a message. `repeat`: it came before. `gap`: its predecessor is missing, and nothing moves. */
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

  /** Moves past messages that the retention rule deleted. False if it was there already. */
  skip({ targetId, to }: TruncatedFrame): boolean {
    const last = this.#offsets.get(targetId);
    if (last === undefined || to <= last) return false;
    this.#offsets.set(targetId, to);
    this.#at.delete(targetId);
    return true;
  }

  /** Whether everything has been received that was in the logs when the connection began. */
  isAtHeads(): boolean {
    return [...this.#heads].every(([targetId, head]) => (this.#offsets.get(targetId) ?? 0) >= head);
  }

  #cursor(epoch: string): ReceivedCursor {
    return { epoch, offsets: Object.fromEntries(this.#offsets), at: Object.fromEntries(this.#at) };
  }
}
