import type { Holding } from '@postline/service-runtime';

/** The first block; each further one is as large as all before it, up to a bound. */
const BLOCK_BYTES_MIN = 4 * 1024;
const BLOCK_BYTES_MAX = 256 * 1024;

export interface BodyBufferOptions {
  /** Counts each block before it is allocated. */
  readonly holding: Holding;
  /** The most bytes that can arrive. */
  readonly bytesMax: number;
}

/**
 * Collects a body in blocks. Kept as it arrives, a chunk of one byte costs a hundred times its size; here it is copied
 * behind the others, so that a body never takes more than twice its bytes, whatever the size of its chunks.
 */
export class BodyBuffer {
  readonly #holding: Holding;
  readonly #bytesMax: number;
  readonly #blocks: Buffer[] = [];
  /** Free bytes at the end of the last block. */
  #free = 0;
  #length = 0;

  constructor({ holding, bytesMax }: BodyBufferOptions) {
    this.#holding = holding;
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#length;
  }

  /** Copies a chunk. Returns false if no memory is left: the body is then incomplete and useless. */
  add(chunk: Buffer): boolean {
    let copied = 0;
    while (copied < chunk.length) {
      if (this.#free === 0 && !this.#addBlock(chunk.length - copied)) return false;
      const block = this.#blocks.at(-1) ?? Buffer.alloc(0);
      const bytes = chunk.copy(block, block.length - this.#free, copied);
      copied += bytes;
      this.#free -= bytes;
      this.#length += bytes;
    }
    return true;
  }

  /** The bytes that `take` allocates in addition to the blocks. */
  get joiningBytes(): number {
    return this.#blocks.length > 1 ? this.#length : 0;
  }

  /** Returns the whole body and empties the buffer. */
  take(): Buffer {
    const blocks = this.#blocks.splice(0);
    return blocks.length === 1 && blocks[0] !== undefined
      ? blocks[0].subarray(0, this.#length)
      : Buffer.concat(blocks, this.#length);
  }

  /** Allocates at least `bytesMin` bytes, and more for the bytes that may follow. */
  #addBlock(bytesMin: number): boolean {
    const doubled = Math.min(BLOCK_BYTES_MAX, Math.max(BLOCK_BYTES_MIN, this.#length));
    const bytes = Math.min(Math.max(bytesMin, doubled), this.#bytesMax - this.#length);
    if (!this.#holding.grow(bytes)) return false;
    this.#blocks.push(Buffer.allocUnsafeSlow(bytes));
    this.#free = bytes;
    return true;
  }
}
