/** How many there are of each key. A key whose count comes down to 0 takes no memory. */
export class Counts<Key> implements Iterable<[Key, number]> {
  readonly #counts = new Map<Key, number>();

  /** Keys whose count is not 0. */
  get size(): number {
    return this.#counts.size;
  }

  get(key: Key): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Returns the new count. */
  add(key: Key, amount = 1): number {
    const count = this.get(key) + amount;
    this.#counts.set(key, count);
    return count;
  }

  /** Returns the new count, never less than 0. */
  subtract(key: Key, amount = 1): number {
    const count = Math.max(0, this.get(key) - amount);
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
    return count;
  }

  [Symbol.iterator](): IterableIterator<[Key, number]> {
    return this.#counts.entries();
  }
}
