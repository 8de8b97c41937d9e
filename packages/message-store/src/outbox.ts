import type { StoredMessage } from './stored-message.ts';

/** Messages and changes of members by SQL, once they have their places in the logs. */
export interface MovedMessages {
  /** The one that their offsets belong to. */
  readonly epoch: string;
  readonly messages: readonly StoredMessage[];
  /** The position of the last change of a group's members; undefined if none was changed. */
  readonly membersPosition: number | undefined;
  /** Joins that were dropped: their clients already were in as many groups as a client can be. */
  readonly refusedJoins: readonly RefusedJoin[];
}

/** A join by SQL that was dropped, because its client already was in GROUPS_PER_CLIENT_MAX groups. */
export interface RefusedJoin {
  readonly groupName: string;
  readonly clientId: string;
}

/** A row of the outbox that no log takes, and that was put into the table `outbox_refused` for that. */
export interface SetAsideRow {
  /** Its id in the outbox. */
  readonly outboxId: string;
  /** The content of its target column; not always an id. */
  readonly targetId: string;
  readonly reason: string;
}

/** The result of moving one page of the outbox. */
export interface OutboxPage {
  readonly movedCount: number;
  /** True if one of these targets still has more than was moved. */
  readonly hasMore: boolean;
  /** Where the next page begins; undefined after the last one. */
  readonly nextAfter: string | undefined;
}

/**
 * Messages that applications publish inside their own transactions, by SQL, until they are moved to their targets'
 * logs. An append first moves those of its own targets, so that its messages come after them.
 */
export interface Outbox {
  /**
   * Moves what is committed, for some targets whose ids are greater than `afterTargetId` (all are greater than the
   * empty text). A target that another transaction holds is left out, and nobody waits for it. Rejects with a
   * StoreUnavailableError if the database doesn't answer.
   */
  movePage(afterTargetId: string): Promise<OutboxPage>;

  /** Calls `listener` with everything that this store moves, also by its appends; it replaces an earlier listener. */
  onMoved(listener: (moved: MovedMessages) => void): void;

  /** Calls `listener` with each row that was set aside, after the commit; it replaces an earlier listener. */
  onSetAside(listener: (row: SetAsideRow) => void): void;
}
