/** Which messages to keep. An undefined limit deletes nothing. */
export interface RetentionRule {
  /** The age at which a message is deleted, in seconds since it was stored, by the database's clock. */
  readonly secondsMax: number | undefined;
  /** How many of each target's newest messages to keep. */
  readonly messagesPerTargetMax: number | undefined;
}

export interface TrimQuery extends RetentionRule {
  /** Only targets with greater ids. Every id is greater than the empty text. */
  readonly afterTargetId: string;
}

export type TrimStep =
  | {
      readonly kind: 'trimmed';
      readonly deletedCount: number;
      /** Where the next step begins; undefined after the last one. */
      readonly nextAfter: string | undefined;
    }
  /** Another process is deleting messages. */
  | { readonly kind: 'busy' };

/** Deletes messages that the retention rule no longer keeps. */
export interface LogTrimmer {
  /**
   * Deletes at most TRIMMED_ROWS_MAX of the oldest messages of some targets. In each log it deletes from the beginning
   * up to the first message that the rule keeps. Counters stay, so offsets continue. Readers whose cursor is before the
   * hole learn about it when they read. Rejects with a StoreUnavailableError if the database doesn't answer.
   */
  deleteOldest(query: TrimQuery): Promise<TrimStep>;
}

/** Rows of one step. A transaction of this size takes a few milliseconds, too short to affect publishers. */
export const TRIMMED_ROWS_MAX = 500;

/** Targets of one step. Each takes two index reads. */
export const TRIMMED_TARGETS_MAX = 100;

/** A row at the beginning of a target's log, and whether it is too old. */
export interface OldRow {
  readonly id: string;
  readonly offset: number;
  readonly expired: boolean;
}

/** Returns the oldest rows up to the first one that the rule keeps. Later rows stay, however old they are. */
export function leadingRowsToDelete(
  rows: readonly OldRow[],
  head: number,
  { messagesPerTargetMax = Number.MAX_SAFE_INTEGER }: RetentionRule,
): readonly OldRow[] {
  const firstKept = rows.findIndex(({ offset, expired }) => !expired && offset > head - messagesPerTargetMax);
  return firstKept < 0 ? rows : rows.slice(0, firstKept);
}
