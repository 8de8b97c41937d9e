import type { StoredMessage } from './stored-message.ts';

/** Messages and member changes that applications published by SQL, after they were moved to their logs. */
export interface MovedMessages {
  /** The epoch of their offsets. */
  readonly epoch: string;
  readonly messages: readonly StoredMessage[];
  /** The position of the last change of a group's members; undefined if none was changed. */
  readonly membersPosition: number | undefined;
  /** Joins that were dropped because their clients were already in the largest number of groups. */
  readonly refusedJoins: readonly RefusedJoin[];
}

/** A join by SQL that was dropped, because its client was already in GROUPS_PER_CLIENT_MAX groups. */
export interface RefusedJoin {
  readonly groupName: string;
  readonly clientId: string;
}

/** A row of the outbox that can't be moved to a log, and was put into the table `outbox_refused` instead. */
export interface SetAsideRow {
  /** Its id in the outbox. */
  readonly outboxId: string;
  /** The content of its target column, which may not be a valid id. */
  readonly targetId: string;
  readonly reason: string;
}

/** The result of moving one page of the outbox. */
export interface OutboxPage {
  readonly movedCount: number;
  /** True if one of these targets has more rows than were moved. */
  readonly hasMore: boolean;
  /** Where the next page begins; undefined after the last one. */
  readonly nextAfter: string | undefined;
}

/**
 * The outbox holds messages that applications published by SQL inside their own transactions, until they are moved to
 * the logs of their targets. An append first moves the outbox rows of its own targets, so its messages come after them.
 */
export interface Outbox {
  /**
   * By `performance.now()`: no row that was committed before this moment is left. Appends find this out on their way;
   * it is -Infinity until one of them has found the outbox empty.
   */
  readonly emptyAtMs: number;

  /**
   * Moves the committed rows of some targets whose ids are greater than `afterTargetId` (every id is greater than the
   * empty text). Skips targets that another transaction holds, without waiting for them. Rejects with a
   * StoreUnavailableError if the database doesn't answer.
   */
  movePage(afterTargetId: string): Promise<OutboxPage>;

  /** Calls `listener` with everything that this store moves, in appends too; it replaces an earlier listener. */
  onMoved(listener: (moved: MovedMessages) => void): void;

  /** Calls `listener` with each row that was set aside, after the commit; it replaces an earlier listener. */
  onSetAside(listener: (row: SetAsideRow) => void): void;
}
