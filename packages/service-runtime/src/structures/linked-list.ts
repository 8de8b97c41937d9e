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
 * Items in insertion order, for items that are added and removed thousands of times a second. A Set does the same, but
 * whenever V8 makes a new table for it, the outgrown one keeps its entries and points to the new one. Once one of these
 * tables is in the old generation, all later ones are kept alive too, with every item that was in them, until the next
 * full collection: with requests as items, that is most of the cost of a publish (docs/performance.md). A removed entry
 * of this list points to nothing.
 */
export class LinkedList<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The oldest item. */
  get first(): T | undefined {
    return this.#first?.item;
  }

  /** The oldest entry. */
  get firstEntry(): ListEntry<T> | undefined {
    return this.#first;
  }

  /** Adds to the end. `remove` takes the returned entry. */
  add(item: T): ListEntry<T> {
    const link: Link<T> = { item, list: this, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#size += 1;
    return link;
  }

  /** False if the entry is not, or no longer, in this list. */
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

  /** In order. During the iteration only the current item may be removed. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    let link = this.#first;
    while (link !== undefined) {
      const { next, item } = link;
      yield item;
      link = next;
    }
  }
}
