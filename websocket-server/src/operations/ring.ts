/** The last entries of many: a full ring forgets the oldest one for each new one. */
export class Ring<Entry> {
  readonly #entries: Entry[] = [];
  readonly #entriesMax: number;
  /** Where the oldest entry of a full ring is. */
  #oldest = 0;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** True if the next entry replaces one. */
  get isFull(): boolean {
    return this.#entries.length === this.#entriesMax;
  }

  get oldest(): Entry | undefined {
    return this.#entries[this.#oldest];
  }

  push(entry: Entry): void {
    if (!this.isFull) {
      this.#entries.push(entry);
      return;
    }
    this.#entries[this.#oldest] = entry;
    this.#oldest = (this.#oldest + 1) % this.#entriesMax;
  }

  /** Oldest first. */
  *[Symbol.iterator](): Generator<Entry, void> {
    for (let index = 0; index < this.#entries.length; index += 1) {
      const entry = this.#entries[(this.#oldest + index) % this.#entries.length];
      if (entry !== undefined) yield entry;
    }
  }
}
