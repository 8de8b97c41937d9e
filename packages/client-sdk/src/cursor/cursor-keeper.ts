import type { ClientEventListeners } from '../client-events.ts';
import { type Cursor, type CursorMark, type CursorOwner, type CursorStore, isCursor } from './cursor.ts';
import { PostlineError } from '../postline-error.ts';

interface CursorKeeperParts {
  /** None: it lives as long as the client. */
  readonly store: CursorStore | undefined;
  readonly owner: CursorOwner;
  readonly events: ClientEventListeners;
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
      const kept = (await this.#parts.store?.load(this.#parts.owner)) ?? undefined;
      if (kept !== undefined && !isCursor(kept)) throw new TypeError('what was loaded is no cursor');
      return kept;
    } catch (cause) {
      throw new PostlineError('cursor_store_failed', { cause });
    }
  }

  /** The stream goes on from here. Where it can't be saved, it has moved all the same: a later run may repeat some. */
  async start(cursor: Cursor): Promise<void> {
    const { store, owner, events } = this.#parts;
    this.#cursor = cursor;
    try {
      await store?.save?.(cursor, owner);
    } catch (cause) {
      events.tell('error', new PostlineError('cursor_store_failed', { cause }));
    }
  }

  /** Everything up to `offset` has been handled; `mark`: the message there. */
  async move(targetId: string, offset: number, mark?: CursorMark): Promise<void> {
    if (this.#cursor === undefined) return;
    const { epoch, offsets, at } = this.#cursor;
    await this.start({
      epoch,
      offsets: { ...offsets, [targetId]: offset },
      at: { ...at, [targetId]: mark },
    });
  }
}
