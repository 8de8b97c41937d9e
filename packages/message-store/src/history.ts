import { isSameRow, type RowMark } from '@postline/protocol';

/** A row as a relay has seen it. */
export interface KnownRow {
  readonly targetId: string;
  readonly offset: number;
  /** Undefined if only the place is known: then nothing but a lower head contradicts it. */
  readonly mark: RowMark | undefined;
}

/** A relay's knowledge of the logs that a read has contradicted. */
export interface HistoryDoubt {
  /** The epoch that all of it was seen in. */
  readonly epoch: string;
  /** At most DOUBTED_ROWS_MAX; none where only the epoch is in doubt. */
  readonly rows: readonly KnownRow[];
  /** By the database's clock: until then at least, the logs were still those that the relay knows. */
  readonly sharedUntilMs: number;
}

/** The answer to a doubt, by the server that takes the writes. */
export type HistoryFinding =
  /** It has the same rows in the same epoch: the contradicting read came from another server. */
  | { readonly kind: 'unchanged' }
  /** Another epoch was begun, by the command or by another relay. */
  | { readonly kind: 'epoch-changed'; readonly epoch: string }
  /** Its logs are others under the same epoch: a new one was begun just now. */
  | { readonly kind: 'epoch-begun'; readonly epoch: string; readonly certainUntil: string }
  /** It takes no writes, so it may be the one that was left behind. */
  | { readonly kind: 'read-only' }
  /** It contradicts, but an epoch was begun without the command only seconds ago. */
  | { readonly kind: 'too-soon' };

/** One row that is contradicted is enough; more only help where some of what is known is wrong. */
export const DOUBTED_ROWS_MAX = 64;

/**
 * Subtracted from the last moment at which the old history was seen: what is older is common to both. Covers clocks of
 * two servers that differ, and a connection that still read from the old server after the new one took over.
 */
export const CERTAIN_MARGIN_SECONDS = 300;

/**
 * Between two epochs that begin without the command. Whoever can write to the bus can make a relay believe in a row
 * that never was; this bounds how often all readers can be made to start over.
 */
export const EPOCHS_APART_SECONDS = 10;

/**
 * A contradiction is looked at twice, this far apart: a node of a cluster may not have applied yet what another one
 * has committed.
 */
export const SECOND_LOOK_MS = 500;

/** True if a log can't be the one that `known` was seen in. A row that is gone proves nothing: retention deletes. */
export function contradicts(
  known: KnownRow,
  log: { readonly head: number; readonly row: RowMark | undefined },
): boolean {
  if (log.head < known.offset) return true;
  return known.mark !== undefined && log.row !== undefined && !isSameRow(known.mark, log.row);
}
