import { type ReaderCursor, type StreamStart, streamStart } from '@postline/message-store';
import type { RowMark } from '@postline/protocol';
import type { HeadReading } from '../feeds/head-reader.ts';

/** Where a reader stopped in one target. */
export type ReaderPosition =
  /** It wants only what comes from now on. */
  | { readonly kind: 'head' }
  | { readonly kind: 'cursor'; readonly cursor: ReaderCursor }
  /** It resumes, but has no cursor for this target; it says which epoch it knows. */
  | { readonly kind: 'no-cursor'; readonly epoch: string | undefined }
  /** It became a member of the group while it was connected. */
  | { readonly kind: 'joined' }
  /** It wants everything that is kept. */
  | { readonly kind: 'start' }
  /** It wants the last `count` messages, too. */
  | { readonly kind: 'last'; readonly count: number };

export interface WantedTarget {
  readonly targetId: string;
  readonly position: ReaderPosition;
  /** The offset after which a member's stream of a group begins; undefined if no membership bounds it. */
  readonly from?: number | undefined;
}

/** A log, as far as a start depends on it. */
export interface StartingLog extends HeadReading {
  /** The row at the reader's cursor, if the reader says which one it has there. */
  readonly rowAtCursor?: RowMark | undefined;
  /** The last offset that was deleted after the membership began; 0 if none was, or if no one wants everything. */
  readonly deletedUpTo?: number;
}

/** Where a reader's stream starts. See the table of starts in docs/protocol.md. */
export function startingPoint(log: StartingLog, { position, from }: WantedTarget): StreamStart {
  const { epoch, head, deletedUpTo = 0 } = log;
  const startAt = (offset: number, recovered = true) => ({ epoch, head, offset, recovered });
  switch (position.kind) {
    case 'head':
      return startAt(head);
    case 'cursor':
      return boundStart(streamStart(position.cursor, { ...log, rowAtCursor: log.rowAtCursor }), from);
    case 'no-cursor':
      return startAt(from ?? head, position.epoch === epoch);
    case 'joined':
      return startAt(from ?? head);
    case 'start':
      return startAt(Math.max(deletedUpTo, from ?? 0));
    case 'last':
      return startAt(Math.max(head - position.count, from ?? 0));
  }
}

/** A stream that starts over does not go back behind the membership. */
export function boundStart(start: StreamStart, from = 0): StreamStart {
  return start.recovered ? start : { ...start, offset: Math.max(start.offset, from) };
}
