import type { GroupAsked, MemberStream } from '../ledger/member-stream.ts';
import type { DeliveredMessage, IdentifiedAs } from '../ledger/reader-ledger.ts';

type Frame = Readonly<Record<string, unknown>>;

/** The groups that one reader may receive, besides its own target. */
export class GroupStreams {
  readonly #streams: ReadonlyMap<string, MemberStream>;
  #asked = new Map<MemberStream, GroupAsked>();

  constructor(streams: readonly MemberStream[]) {
    this.#streams = new Map(streams.map((stream) => [stream.member.group.targetId, stream]));
  }

  /** Call this before the reader identifies. Returns its cursors of this epoch, by group. */
  asking(epoch: string | undefined): Readonly<Record<string, number>> {
    const offsets: Record<string, number> = {};
    this.#asked = new Map();
    for (const [targetId, stream] of this.#streams) {
      const asked = stream.asking(epoch !== undefined);
      this.#asked.set(stream, asked);
      if (asked.cursor !== undefined && asked.cursor.epoch === epoch) offsets[targetId] = asked.cursor.offset;
    }
    return offsets;
  }

  identified(epoch: string, targets: Readonly<Record<string, IdentifiedAs>>): void {
    for (const [targetId, stream] of this.#streams) {
      const asked = this.#asked.get(stream);
      const entry = targets[targetId];
      if (asked !== undefined) stream.identified(entry && { ...entry, epoch }, asked);
    }
  }

  /** Handles a frame. Returns false if it concerns none of these groups. */
  take(frame: Frame, epoch: string): boolean {
    const stream = this.#streams.get(String(frame['targetId']));
    if (stream === undefined) return false;
    switch (frame['type']) {
      case 'new_message':
        stream.message(frame as unknown as DeliveredMessage);
        return true;
      case 'truncated':
        stream.truncated(Number(frame['from']), Number(frame['to']), frame['reason'] as string | undefined);
        return true;
      case 'followed':
        stream.followed({ ...(frame as unknown as IdentifiedAs), epoch }, String(frame['cause']));
        return true;
      case 'unfollowed':
        stream.unfollowed(String(frame['cause']));
        return true;
      default:
        return false;
    }
  }
}
