import type {
  FollowedFrame,
  FollowedTarget,
  IdentifiedFrame,
  NewMessageFrame,
  TruncatedFrame,
} from '@postline/protocol';
import { hasFields } from '../json-value.ts';
import type { Restart } from '../message.ts';
import { type Cursor, type CursorMark, markOf, TARGETS_MAX, type TargetCursor } from './cursor.ts';

/** An `identify` frame has 256 KiB: the offsets of 1,001 targets with long ids, and marks for half of them. */
const MARKS_MAX = 500;

/** The position in one target. A new object replaces it whenever the stream does not simply continue. */
export interface TargetPosition {
  readonly targetId: string;
  readonly epoch: string;
  /** The last offset received. */
  offset: number;
  /** The message at that offset, if it is known. */
  mark: CursorMark | undefined;
  /** The last offset handled: the stream resumes there if the messages after it are dropped. */
  handled: number;
  /** Where the stream began: nothing before was handled by this client. */
  readonly begun: number;
  /** The last offset acknowledged on the current connection. */
  acked: number;
  /** The log's head when the stream began; undefined while the target is not followed. */
  head: number | undefined;
  /** True if its waiting messages must not reach a handler. */
  isDropped: boolean;
}

/** As it is written in `identify`. */
interface ReceivedCursor extends Cursor {
  readonly offsets: Record<string, number>;
  readonly at: Record<string, CursorMark>;
}

/** The meaning of an `identified` frame for a client that may have been connected before. */
export interface StreamStart {
  /** Where the stream of each target continues. */
  readonly place: ReceivedCursor;
  /** Messages that are already in the logs and will arrive now. */
  readonly missed: number;
  /** The targets whose log was restarted since the cursor. */
  readonly restarts: readonly Restart[];
}

/**
 * The last offset received of each target, over all connections. It runs ahead of the cursor, which moves when a message
 * has been handled. The inbox holds the messages between the two, so a reconnect requests nothing twice.
 */
export class StreamPosition {
  /** Called for a target that is no longer followed, when there are too many. */
  readonly #onForgotten: (targetId: string) => void;
  #epoch: string | undefined;
  /** Of targets that are not followed as well: they may be again. */
  readonly #positions = new Map<string, TargetPosition>();

  constructor(onForgotten: (targetId: string) => void) {
    this.#onForgotten = onForgotten;
  }

  /** The lifetime of the logs on the current connection. */
  get epoch(): string {
    return this.#epoch ?? '';
  }

  /** Continues from a stored cursor. */
  resumeFrom({ epoch, offsets, at }: Cursor): void {
    this.#epoch = epoch;
    for (const [targetId, offset] of Object.entries(offsets).slice(0, TARGETS_MAX)) {
      const mark: unknown = at?.[targetId];
      const known = hasFields(mark, 'id createdAt') ? markOf(mark) : undefined;
      this.#set({ targetId, epoch, offset, mark: known, head: undefined });
    }
  }

  /** What the next `identify` asks for; `undefined` if there is no position yet. */
  resume(): ReceivedCursor | undefined {
    return this.#epoch === undefined ? undefined : this.#cursor(this.#epoch);
  }

  /** Where a `follow` frame resumes; `undefined` for a target that was never followed. */
  cursorOf(targetId: string): TargetCursor | undefined {
    const position = this.#positions.get(targetId);
    return position && { epoch: position.epoch, offset: position.offset, at: position.mark };
  }

  /** `asked`: the client requested a position, by a cursor or by its last ack. */
  begin({ epoch, targets }: Pick<IdentifiedFrame, 'epoch' | 'targets'>, asked: boolean): StreamStart {
    const restarts: Restart[] = [];
    let missed = 0;
    const isFirst = this.#epoch === undefined;
    this.#epoch = epoch;
    for (const position of this.#positions.values()) position.head = undefined;
    for (const [targetId, target] of targets) {
      const lostOffset = this.#positions.get(targetId)?.offset;
      const { offset, head, recovered } = target;
      if (asked && (isFirst || lostOffset !== undefined) && !recovered)
        restarts.push({ targetId, epoch, lostOffset, offset });
      missed += Math.max(0, head - offset);
      this.#start(targetId, epoch, target);
    }
    return { place: this.#cursor(epoch), missed, restarts };
  }

  /** A target is followed from now on. Undefined if its stream continues where it was. */
  follow(frame: Pick<FollowedFrame, 'targetId' | keyof FollowedTarget>): TargetPosition | undefined {
    // Frames about targets follow `identified`, which sets the epoch.
    return this.#start(frame.targetId, this.epoch, frame);
  }

  /** A target is not followed any more: messages that wait are dropped, and requested again if it is followed again. */
  unfollow(targetId: string): void {
    const position = this.#positions.get(targetId);
    if (position?.head === undefined) return;
    position.isDropped = true;
    this.#set({ ...position, offset: position.handled, mark: undefined, head: undefined });
  }

  /** Moves to a message. `repeat`: it is not wanted. `gap`: its predecessor is missing, and nothing moves. */
  place(frame: NewMessageFrame): TargetPosition | 'repeat' | 'gap' {
    const { targetId, offset, epoch } = frame;
    const position = this.#positions.get(targetId);
    if (position?.head === undefined) return 'repeat';
    if (epoch !== position.epoch || offset > position.offset + 1) return 'gap';
    if (offset <= position.offset) return 'repeat';
    position.offset = offset;
    position.mark = markOf(frame);
    return position;
  }

  /** Moves past messages that will not be delivered. Undefined if it was there already. */
  skip({ targetId, to }: TruncatedFrame): TargetPosition | undefined {
    const position = this.#positions.get(targetId);
    if (position?.head === undefined || to <= position.offset) return undefined;
    position.offset = to;
    position.mark = undefined;
    return position;
  }

  /** Everything up to `handled` has been handled. */
  note(position: TargetPosition, handled: number): void {
    position.handled = handled;
    const current = this.#positions.get(position.targetId);
    // The last handler may finish after its target was left; its message must not come again.
    if (position.isDropped && current?.head === undefined && current?.epoch === position.epoch)
      current.offset = current.handled = handled;
  }

  /** The current position in each target. */
  all(): Iterable<TargetPosition> {
    return this.#positions.values();
  }

  /** Whether everything has been received that was in the logs when the connection began. */
  isAtHeads(): boolean {
    return [...this.#positions.values()].every(({ head = 0, offset }) => offset >= head);
  }

  /** Undefined if the stream continues where it was, so that waiting messages stay valid. */
  #start(
    targetId: string,
    epoch: string,
    { offset, head, recovered }: FollowedTarget,
  ): TargetPosition | undefined {
    const before = this.#positions.get(targetId);
    if (before !== undefined) {
      if (recovered && before.epoch === epoch && before.offset === offset) {
        before.head = head;
        return undefined;
      }
      // The application asked for another place, so it does not want what arrived from the old one.
      before.isDropped = before.head !== undefined;
    }
    return this.#set({ targetId, epoch, offset, mark: undefined, head });
  }

  #set(start: Omit<TargetPosition, 'handled' | 'begun' | 'acked' | 'isDropped'>): TargetPosition {
    const { offset } = start;
    const position = { ...start, handled: offset, begun: offset, acked: offset, isDropped: false };
    this.#positions.set(start.targetId, position);
    if (this.#positions.size > TARGETS_MAX) this.#forgetOne();
    return position;
  }

  /** Forgets the oldest target that is not followed. */
  #forgetOne(): void {
    for (const { targetId, head } of this.#positions.values()) {
      if (head !== undefined) continue;
      this.#positions.delete(targetId);
      return this.#onForgotten(targetId);
    }
  }

  /** An offset of another epoch means nothing in this one: such a target repeats messages rather than lose one. */
  #cursor(epoch: string): ReceivedCursor {
    const offsets: [string, number][] = [];
    const marks: [string, CursorMark][] = [];
    for (const { targetId, offset, mark, ...position } of this.#positions.values()) {
      const isCurrent = position.epoch === epoch;
      offsets.push([targetId, isCurrent ? offset : 0]);
      if (isCurrent && mark !== undefined && marks.length < MARKS_MAX) marks.push([targetId, mark]);
    }
    return { epoch, offsets: Object.fromEntries(offsets), at: Object.fromEntries(marks) };
  }
}
