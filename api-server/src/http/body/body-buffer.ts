import type { Holding } from '@postline/service-runtime';

/** The first block; each further one is as large as all before it, up to a bound. */
const BLOCK_BYTES_MIN = 4 * 1024;
const BLOCK_BYTES_MAX = 256 * 1024;

export interface BodyBufferOptions {
  /** Asked for each block before it is made. */
  readonly holding: Holding;
  /** Bytes that can come at most. */
  readonly bytesMax: number;
}

/**
 * A body as it comes, in blocks. A chunk of one byte costs a hundred times as much when it is kept as it came; here it is
 * copied behind the others, so that a body never takes more than twice its bytes, however it is cut.
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

  /** Keeps a copy; false, and the body is worth nothing, where there is no room for it. */
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

  /** What `take` needs beside the blocks. */
  get joiningBytes(): number {
    return this.#blocks.length > 1 ? this.#length : 0;
  }

  /** The whole body, once. */
  take(): Buffer {
    const blocks = this.#blocks.splice(0);
    return blocks.length === 1 && blocks[0] !== undefined
      ? blocks[0].subarray(0, this.#length)
      : Buffer.concat(blocks, this.#length);
  }

  /** Room for the bytes at hand at least, and for some that may follow. */
  #addBlock(bytesMin: number): boolean {
    const doubled = Math.min(BLOCK_BYTES_MAX, Math.max(BLOCK_BYTES_MIN, this.#length));
    const bytes = Math.min(Math.max(bytesMin, doubled), this.#bytesMax - this.#length);
    if (!this.#holding.grow(bytes)) return false;
    this.#blocks.push(Buffer.allocUnsafeSlow(bytes));
    this.#free = bytes;
    return true;
  }
}
