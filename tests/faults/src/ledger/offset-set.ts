/** A set of offsets that uses one bit for each. */
export class OffsetSet {
  #bits = new Uint32Array(8);

  has(offset: number): boolean {
    return (((this.#bits[offset >>> 5] ?? 0) >>> (offset & 31)) & 1) === 1;
  }

  add(offset: number): void {
    const word = offset >>> 5;
    if (word >= this.#bits.length) {
      const larger = new Uint32Array(Math.max(this.#bits.length * 2, word + 1));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    this.#bits[word] = (this.#bits[word] ?? 0) | (1 << (offset & 31));
  }

  /** Removes `from` and all higher offsets. */
  deleteFrom(from: number): void {
    const word = from >>> 5;
    this.#bits.fill(0, word + 1);
    if (word < this.#bits.length) this.#bits[word] = (this.#bits[word] ?? 0) & ((1 << (from & 31)) - 1);
  }
}
