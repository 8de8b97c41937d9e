/** The connection that messages were sent to. */
export interface RecordedReader {
  readonly id: string;
  readonly clientId: string | undefined;
}

/** Messages of one target that were sent together. */
export interface RecordedRun {
  readonly targetId: string;
  readonly first: number;
  readonly last: number;
  /** `hint`: when their hint arrived; `log`: read from the database. */
  readonly by: 'hint' | 'log';
}

/** Records the way of single messages, for the operations page. Called on the hot path: it neither waits nor throws. */
export interface DeliveryRecorder {
  /** The hint of a message arrived. */
  onHint(targetId: string, offset: number): void;
  /** Messages were handed to a socket. */
  onSent(reader: RecordedReader, run: RecordedRun): void;
  /** The database had messages that no hint announced. */
  onGapRepaired(targetId: string, offsets: { readonly from: number; readonly to: number }): void;
}
