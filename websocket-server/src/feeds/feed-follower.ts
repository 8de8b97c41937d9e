/** Who follows a feed. */
export interface FeedFollower {
  /** The head moved by one: this is the frame of that offset. */
  onFrame(offset: number, text: string): void;
  /** The same for a run of offsets from `first` on, whose frames several followers are given. */
  onFrames(first: number, texts: readonly string[]): void;
  /** Whatever is behind the head is to be read from the log, if that isn't under way. */
  chase(): void;
  /** The log that was followed is no more. */
  onRestart(): void;
}
