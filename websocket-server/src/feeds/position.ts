import type { RowMark } from '@postline/protocol';

/** In which log, and how far. Replaced, never changed: what was known when the database was asked can be kept. */
export interface Position {
  readonly epoch: string;
  readonly head: number;
  /** The row at the head; undefined where it was deleted or not read yet. */
  readonly mark?: RowMark | undefined;
}
