import { isSameRow, type RowMark } from '@postline/protocol';

/** Where a reader says it stopped. */
export interface ReaderCursor {
  readonly targetId: string;
  /** The last offset that the reader has. */
  readonly offset: number;
  /** The epoch of that offset; undefined if the reader does not name one. */
  readonly epoch: string | undefined;
  /** The row that the reader has at `offset`, if it names one. */
  readonly mark: RowMark | undefined;
}

/** The facts that decide whether a cursor is valid. */
export interface CursorLog {
  readonly epoch: string;
  readonly head: number;
  /** The last offset that the reader's history certainly shares with this one. */
  readonly epochStart: number;
  /** The row at the cursor; undefined if it was deleted or is not needed. */
  readonly rowAtCursor: RowMark | undefined;
}

/** Where a reader's stream continues. */
export interface StreamStart {
  readonly epoch: string;
  readonly head: number;
  readonly recovered: boolean;
  /** The offset before the first message of the stream. */
  readonly offset: number;
}

/** Cursors in one readStreamStarts. */
export const CURSORS_PER_READ_MAX = 256;

/**
 * The one rule for sockets and HTTP pages. A cursor of this epoch continues if it is not beyond the head and does not
 * name another row. Any other cursor starts over after the last offset that its history certainly shares with this one;
 * `recovered` is then false.
 */
export function streamStart(cursor: ReaderCursor, log: CursorLog): StreamStart {
  const { epoch, head, epochStart, rowAtCursor } = log;
  const isOfThisEpoch = cursor.epoch === undefined || cursor.epoch === epoch;
  const isOfOtherRow =
    cursor.mark !== undefined && rowAtCursor !== undefined && !isSameRow(cursor.mark, rowAtCursor);
  const recovered = isOfThisEpoch && cursor.offset <= head && !isOfOtherRow;
  const offset = recovered ? cursor.offset : Math.min(cursor.offset, epochStart);
  return { epoch, head, recovered, offset };
}
