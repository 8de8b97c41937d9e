import { isSameRow, type RowMark } from '@postline/protocol';

/** A row that a relay has seen. */
export interface KnownRow {
  readonly targetId: string;
  readonly offset: number;
  /** Undefined if only the offset is known. Then only a lower head contradicts it. */
  readonly mark: RowMark | undefined;
}

/** What a relay knows about the logs, after a read contradicted it. */
export interface HistoryDoubt {
  /** The epoch in which the relay saw all of these rows. */
  readonly epoch: string;
  /** At most DOUBTED_ROWS_MAX; empty if only the epoch is in doubt. */
  readonly rows: readonly KnownRow[];
  /** By the database's clock: at least until this time, the logs were still those that the relay knows. */
  readonly sharedUntilMs: number;
}

/** The answer to a doubt, from the server that takes the writes. */
export type HistoryFinding =
  /** It has the same rows in the same epoch: the contradicting read came from another server. */
  | { readonly kind: 'unchanged' }
  /** Another epoch has begun, through the command or another relay. */
  | { readonly kind: 'epoch-changed'; readonly epoch: string }
  /** It has different logs under the same epoch, so a new epoch was begun just now. */
  | { readonly kind: 'epoch-begun'; readonly epoch: string; readonly certainUntil: string }
  /** It takes no writes, so it may be a server that was replaced after a failover. */
  | { readonly kind: 'read-only' }
  /** It contradicts the relay, but an epoch already began without the command a few seconds ago. */
  | { readonly kind: 'too-soon' };

/** One contradicted row is enough. Several only help if some of what the relay knows is wrong. */
export const DOUBTED_ROWS_MAX = 64;

/**
 * Subtracted from the last moment at which the old history was seen; both histories share everything older. The margin
 * covers two servers whose clocks differ, and a connection that still read from the old server after the new one took
 * over.
 */
export const CERTAIN_MARGIN_SECONDS = 300;

/**
 * The shortest time between two epochs that begin without the command. Anybody who can write to the bus can make a
 * relay believe in a row that never existed. This limits how often all readers can be forced to start over.
 */
export const EPOCHS_APART_SECONDS = 10;

/**
 * A contradiction is checked twice, this far apart: one node of a cluster may not have applied yet what another node
 * has committed.
 */
export const SECOND_LOOK_MS = 500;

/**
 * True if a log can't be the one in which `known` was seen. A missing row proves nothing, because retention deletes
 * rows.
 */
export function contradicts(
  known: KnownRow,
  log: { readonly head: number; readonly row: RowMark | undefined },
): boolean {
  if (log.head < known.offset) return true;
  return known.mark !== undefined && log.row !== undefined && !isSameRow(known.mark, log.row);
}
