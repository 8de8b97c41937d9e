import type { Cursor, CursorOwner, CursorStore } from './cursor.ts';
import { PostlineError } from './postline-error.ts';

export interface CursorKeeperParts {
  readonly store: CursorStore;
  readonly owner: CursorOwner;
  /** The cursor could not be saved. It has moved all the same: at worst a later run gets some messages twice. */
  readonly onFailed: (error: PostlineError) => void;
}

/** The cursor: what has been handled. It is written to the store whenever it moves. */
export class CursorKeeper {
  readonly #parts: CursorKeeperParts;
  #cursor: Cursor | undefined;

  constructor(parts: CursorKeeperParts) {
    this.#parts = parts;
  }

  /** What an earlier run left. Rejects with a PostlineError. */
  async load(): Promise<Cursor | undefined> {
    try {
      return await this.#parts.store.load(this.#parts.owner);
    } catch (cause) {
      throw new PostlineError('cursor_store_failed', 'The cursor could not be loaded.', { cause });
    }
  }

  /** The stream goes on from here: everything before has been handled. */
  async start(cursor: Cursor): Promise<void> {
    this.#cursor = cursor;
    await this.#save(cursor);
  }

  /** Everything up to `offset` has been handled. */
  async move(targetId: string, offset: number): Promise<void> {
    if (this.#cursor === undefined) return;
    const { epoch, offsets } = this.#cursor;
    await this.start({ epoch, offsets: { ...offsets, [targetId]: offset } });
  }

  async #save(cursor: Cursor): Promise<void> {
    try {
      await this.#parts.store.save?.(cursor, this.#parts.owner);
    } catch (cause) {
      this.#parts.onFailed(
        new PostlineError('cursor_store_failed', 'The cursor could not be saved.', { cause }),
      );
    }
  }
}
