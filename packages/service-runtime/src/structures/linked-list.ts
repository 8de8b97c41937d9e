/** An item's place in a LinkedList. */
export interface ListEntry<T> {
  readonly item: T;
}

interface Link<T> {
  item: T;
  list: LinkedList<T> | undefined;
  previous: Link<T> | undefined;
  next: Link<T> | undefined;
}

/**
 * Items in the order in which they were added, for those that come and go thousands of times a second. A Set would do
 * the same, but each time V8 makes a new table for it, the outgrown one keeps its entries and points to the new one.
 * Once one of them has grown old, all that follow do, and every item that was in them lives until the next full
 * collection: with requests as items, that is most of what a publish costs (docs/performance.md). An entry that was
 * removed here points to nothing.
 */
export class LinkedList<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The item that was added before all others. */
  get first(): T | undefined {
    return this.#first?.item;
  }

  /** Adds to the end. The entry is what `remove` asks for. */
  add(item: T): ListEntry<T> {
    const link: Link<T> = { item, list: this, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#size += 1;
    return link;
  }

  /** False where the entry is not, or no longer, in this list. */
  remove(entry: ListEntry<T>): boolean {
    const link = entry as Link<T>;
    if (link.list !== this) return false;
    const { previous, next } = link;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    link.list = undefined;
    link.previous = undefined;
    link.next = undefined;
    this.#size -= 1;
    return true;
  }

  /** In order; the item at hand may be removed meanwhile, no other one. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    let link = this.#first;
    while (link !== undefined) {
      const { next, item } = link;
      yield item;
      link = next;
    }
  }
}
