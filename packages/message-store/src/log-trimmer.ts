/** Which messages are kept no longer. What is undefined is no reason to delete. */
export interface RetentionRule {
  /** Seconds since a message was stored, by the database's clock. */
  readonly secondsMax: number | undefined;
  /** So many of each target's newest messages are kept. */
  readonly messagesPerTargetMax: number | undefined;
}

export interface TrimQuery extends RetentionRule {
  /** Only targets whose ids are greater; all are greater than the empty text. */
  readonly afterTargetId: string;
}

export type TrimStep =
  | {
      readonly kind: 'trimmed';
      readonly deletedCount: number;
      /** Where the next step begins; undefined after the last one. */
      readonly nextAfter: string | undefined;
    }
  /** Another process is at it. */
  | { readonly kind: 'busy' };

/** Deletes messages that the retention rule no longer keeps. */
export interface LogTrimmer {
  /**
   * Deletes the oldest messages of some targets, at most TRIMMED_ROWS_MAX of them: of each target a part of its log
   * from the beginning on, up to the first message that the rule keeps. Counters stay, so offsets go on. Readers that
   * stand before the hole find it in what they read. Rejects with a StoreUnavailableError if the database doesn't
   * answer.
   */
  deleteOldest(query: TrimQuery): Promise<TrimStep>;
}

/** Rows of one step. A transaction of this size takes some ms, and publishers notice nothing of it. */
export const TRIMMED_ROWS_MAX = 500;

/** Targets that one step looks at: two index reads for each. */
export const TRIMMED_TARGETS_MAX = 100;

/** The oldest rows of a target, with whether each is too old. */
export interface OldRow {
  readonly id: string;
  readonly offset: number;
  readonly expired: boolean;
}

/** The oldest rows, up to the first one that the rule keeps; later ones stay, however old. */
export function leadingRowsToDelete(
  rows: readonly OldRow[],
  head: number,
  { messagesPerTargetMax = Number.MAX_SAFE_INTEGER }: RetentionRule,
): readonly OldRow[] {
  const firstKept = rows.findIndex(({ offset, expired }) => !expired && offset > head - messagesPerTargetMax);
  return firstKept < 0 ? rows : rows.slice(0, firstKept);
}
