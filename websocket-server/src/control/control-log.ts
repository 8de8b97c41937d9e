import { RepeatedTask } from '@postline/service-runtime';

/** Changes after a cursor, in the order of their commits. */
interface ChangesReading<Cursor, Changes> {
  readonly changes: Changes;
  /** Where to read on. */
  readonly cursor: Cursor;
  /** True if there is more to read at once. */
  readonly hasMore: boolean;
}

export interface ControlLogOptions<Cursor, Changes> {
  readonly readAfter: (cursor: Cursor) => Promise<ChangesReading<Cursor, Changes>>;
  /** Applies changes. May get the same ones again. */
  readonly onChanges: (changes: Changes) => void;
  readonly isBefore: (one: Cursor, other: Cursor) => boolean;
}

/**
 * A cursor on state that the API changes: each change has a position, and positions grow in commit order. Hints and the
 * comparison of heads only say when to look; the database says what changed. So a lost hint costs time, never a change.
 */
export class ControlLog<Cursor, Changes> {
  readonly #options: ControlLogOptions<Cursor, Changes>;
  /** Everything up to here was applied; undefined until state was first read, so that nothing depends on a change. */
  #cursor: Cursor | undefined;
  /** Where a second pass over changes starts, for state that was read as of an earlier cursor; undefined after it. */
  #earlier: Cursor | undefined;
  readonly #looking = new RepeatedTask({ run: () => this.#look() });

  constructor(options: ControlLogOptions<Cursor, Changes>) {
    this.#options = options;
  }

  /** State was read as of this cursor: changes after it must be applied to it, even if they were applied to others. */
  startFrom(cursor: Cursor): void {
    const { isBefore } = this.#options;
    if (this.#cursor === undefined) {
      this.#cursor = cursor;
    } else if (isBefore(cursor, this.#earlier ?? this.#cursor)) {
      this.#earlier = cursor;
      setImmediate(() => {
        this.look();
      }); // after those that wait for the reading have used it
    }
  }

  /** Reads and applies new changes; if that is under way, once more after it. A failed read is repeated by the next. */
  look(): void {
    this.#looking.runNow();
  }

  async #look(): Promise<void> {
    try {
      if (await this.#lookOnce()) this.look();
    } catch {
      // The comparison of heads reports the outage, and looks again.
    }
  }

  /** True if there is more. Applies changes in the order of their commits: an earlier cursor goes first. */
  async #lookOnce(): Promise<boolean> {
    const from = this.#earlier ?? this.#cursor;
    if (from === undefined) return false;
    const { changes, cursor, hasMore } = await this.#options.readAfter(from);
    if (from !== (this.#earlier ?? this.#cursor)) return true;
    this.#options.onChanges(changes);
    if (this.#earlier === undefined) {
      this.#cursor = cursor;
      return hasMore;
    }
    this.#earlier = hasMore ? cursor : undefined;
    return true;
  }
}
