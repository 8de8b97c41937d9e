import type { ClientEventListeners } from '../client-events.ts';
import { PostlineError } from '../postline-error.ts';
import { type Cursor, type CursorMark, type CursorOwner, type CursorStore, isCursor } from './cursor.ts';

interface CursorKeeperParts {
  /** Undefined: the cursor lives as long as the client. */
  readonly store: CursorStore | undefined;
  readonly owner: CursorOwner;
  readonly events: ClientEventListeners;
}

/** Holds the cursor of everything that has been handled, and saves it whenever it moves. */
export class CursorKeeper {
  readonly #parts: CursorKeeperParts;
  #cursor: Cursor | undefined;

  constructor(parts: CursorKeeperParts) {
    this.#parts = parts;
  }

  /** Loads the cursor of an earlier run. Rejects with a PostlineError. */
  async load(): Promise<Cursor | undefined> {
    try {
      const kept = (await this.#parts.store?.load(this.#parts.owner)) ?? undefined;
      if (kept !== undefined && !isCursor(kept)) throw new TypeError('not a cursor');
      return kept;
    } catch (cause) {
      throw new PostlineError('cursor_store_failed', { cause });
    }
  }

  /** Sets the cursor. If saving fails it has moved all the same: a later run may then repeat messages. */
  async start(cursor: Cursor): Promise<void> {
    const { store, owner, events } = this.#parts;
    this.#cursor = cursor;
    try {
      await store?.save?.(cursor, owner);
    } catch (cause) {
      events.emit('error', new PostlineError('cursor_store_failed', { cause }));
    }
  }

  /** Everything up to `offset` has been handled. `mark` identifies the message there. */
  async move(targetId: string, offset: number, mark?: CursorMark): Promise<void> {
    if (this.#cursor === undefined) return;
    const { epoch, offsets, at } = this.#cursor;
    await this.start({
      epoch,
      offsets: { ...offsets, [targetId]: offset },
      at: { ...at, [targetId]: mark },
    });
  }

  /** Leaves a target out of the cursor from the next move on. */
  forget(targetId: string): void {
    if (this.#cursor === undefined) return;
    const { [targetId]: _offset, ...offsets } = this.#cursor.offsets;
    const { [targetId]: _mark, ...at } = this.#cursor.at ?? {};
    this.#cursor = { epoch: this.#cursor.epoch, offsets, at };
  }
}
