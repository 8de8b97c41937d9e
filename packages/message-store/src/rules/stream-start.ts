import { isSameRow, type RowMark } from '@postline/protocol';

/** A reader's own statement of where it stopped. */
export interface ReaderCursor {
  readonly targetId: string;
  /** The last offset that it has. */
  readonly offset: number;
  /** The epoch of that offset; undefined if the reader does not name one. */
  readonly epoch: string | undefined;
  /** The row that it has at `offset`, if it names one. */
  readonly mark: RowMark | undefined;
}

/** The facts that decide whether a cursor is valid. */
export interface CursorLog {
  readonly epoch: string;
  readonly head: number;
  /** The last offset that the reader's history and this one share for certain. */
  readonly epochStart: number;
  /** The row at the cursor; undefined if it is deleted or not needed. */
  readonly rowAtCursor: RowMark | undefined;
}

/** Where the reader's stream goes on. */
export interface StreamStart {
  readonly epoch: string;
  readonly head: number;
  readonly recovered: boolean;
  /** The first message that it gets is the next one. */
  readonly offset: number;
}

/** Cursors in one read of where streams start. */
export const CURSORS_PER_READ_MAX = 256;

/**
 * The one rule for sockets and pages. A cursor of this epoch that is not beyond the head, and not of another row, goes
 * on. Any other starts over after the last offset that its history surely shares with this one; `recovered` is false then.
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
