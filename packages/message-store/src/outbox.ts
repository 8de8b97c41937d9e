import type { StoredMessage } from './message-store.ts';

/** Messages that applications published by SQL, at the moment when they have got their places in their logs. */
export interface MovedMessages {
  /** The one that their offsets belong to. */
  readonly epoch: string;
  readonly messages: readonly StoredMessage[];
}

/** What became of one page of the outbox. */
export interface OutboxPage {
  readonly movedCount: number;
  /** True where one of these targets still has more than was moved. */
  readonly hasMore: boolean;
  /** Where the next page begins; undefined after the last one. */
  readonly nextAfter: string | undefined;
  /** Targets whose rows the database refused, and why; the others were moved. */
  readonly refusals: ReadonlyMap<string, Error>;
}

/**
 * Messages that applications publish inside their own transactions, by SQL, until they are moved to their targets'
 * logs. An append moves those of its own targets first, so that it comes after them.
 */
export interface Outbox {
  /**
   * Moves what is committed, for some targets whose ids are greater than `afterTargetId` (all are greater than the
   * empty text). A target that another transaction holds is left out, and nobody waits for it. Rejects with a
   * StoreUnavailableError where the database doesn't answer.
   */
  movePage(afterTargetId: string): Promise<OutboxPage>;

  /** Calls `listener`, instead of one named before, with whatever was moved: by this store, its appends included. */
  onMoved(listener: (moved: MovedMessages) => void): void;
}
