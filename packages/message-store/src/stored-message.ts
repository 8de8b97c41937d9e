/** One row of a target's log. */
export interface StoredMessage {
  /** The row's id, as text. Ids are unique, but their order means nothing: only offsets give the order. */
  readonly id: string;
  readonly targetId: string;
  /** Position in the target's log: 1-based, contiguous. */
  readonly offset: number;
  readonly message: string;
  /** When the row was written, by the database's clock: ISO 8601 with milliseconds, UTC. */
  readonly createdAt: string;
}
