import { LinkedList, type ListEntry } from '../structures/linked-list.ts';

/** Holdings are sorted into classes by powers of two of their KiB: enough to find one of the largest quickly. */
const SIZE_CLASSES = 32;
const BYTES_PER_KIB = 1024;
/**
 * Holdings of the highest class that are compared: the result is at least half as large as the largest, usually exact.
 */
const COMPARED_MAX = 16;

export interface HoldingOptions {
  /**
   * Frees the held memory at once by closing or shrinking the holding. Called when another one needs the room. Left out
   * if the memory cannot be freed early.
   */
  readonly onGiveWay?: () => void;
}

/** Held bytes and their bound. */
class Sum {
  readonly bytesMax: number;
  bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  hasRoomFor(bytes: number): boolean {
    return this.bytes + bytes <= this.bytesMax;
  }
}

/** Holdings that can be freed, by size. */
class BySize {
  readonly #classes: LinkedList<Holding>[] = [];
  /** One bit for each class with a holding. */
  #occupied = 0;

  add(holding: Holding, sizeClass: number): ListEntry<Holding> {
    this.#occupied |= 1 << sizeClass;
    return (this.#classes[sizeClass] ??= new LinkedList()).add(holding);
  }

  remove(entry: ListEntry<Holding>, sizeClass: number): void {
    const holdings = this.#classes[sizeClass];
    holdings?.remove(entry);
    if (holdings?.size === 0) this.#occupied &= ~(1 << sizeClass);
  }

  largest(): Holding | undefined {
    if (this.#occupied === 0) return undefined;
    let largest: Holding | undefined;
    let compared = 0;
    for (const holding of this.#classes[31 - Math.clz32(this.#occupied)] ?? []) {
      if (largest === undefined || holding.bytes > largest.bytes) largest = holding;
      compared += 1;
      if (compared === COMPARED_MAX) break;
    }
    return largest;
  }
}

function sizeClassOf(bytes: number): number {
  return Math.min(SIZE_CLASSES - 1, 32 - Math.clz32(bytes / BYTES_PER_KIB));
}

/**
 * Bounds the memory that a process holds for clients: bodies, pages, waiting frames. Code that is about to hold more
 * asks first, with the real size. If there is no room, the largest holding is freed for a smaller one, so a few large
 * holdings never block many small ones. Each kind of holding has its own share with its own bound.
 */
export class MemoryBudget {
  readonly #total: Sum;
  readonly #shares: MemoryShare[] = [];

  constructor({ bytesMax }: { readonly bytesMax: number }) {
    this.#total = new Sum(bytesMax);
  }

  get bytesMax(): number {
    return this.#total.bytesMax;
  }

  /** Bytes held now in all shares. */
  get bytes(): number {
    return this.#total.bytes;
  }

  /** Adds a share for one kind of holding. The sum of the shares' bounds may exceed the whole. */
  share({ bytesMax = this.bytesMax }: { readonly bytesMax?: number } = {}): MemoryShare {
    const share = new MemoryShare({ bytesMax, total: this.#total, siblings: this.#shares });
    this.#shares.push(share);
    return share;
  }
}

interface MemoryShareOptions {
  readonly bytesMax: number;
  readonly total: Sum;
  /** All shares of the budget, including this one. */
  readonly siblings: readonly MemoryShare[];
}

/** The share of one kind of holding in a MemoryBudget. */
export class MemoryShare {
  readonly #own: Sum;
  readonly #total: Sum;
  readonly #siblings: readonly MemoryShare[];
  readonly #bySize = new BySize();

  constructor({ bytesMax, total, siblings }: MemoryShareOptions) {
    this.#own = new Sum(bytesMax);
    this.#total = total;
    this.#siblings = siblings;
  }

  get bytesMax(): number {
    return this.#own.bytesMax;
  }

  get bytes(): number {
    return this.#own.bytes;
  }

  /**
   * Bytes that one piece of work may allocate temporarily, in addition to the held bytes: as much as the whole budget,
   * which is derived so that the heap has that room again.
   */
  get workBytesMax(): number {
    return this.#total.bytesMax;
  }

  /** Opens a holding without any bytes yet. */
  open(options: HoldingOptions = {}): Holding {
    return new Holding(this, this.#bySize, options);
  }

  /**
   * Counts bytes for something small and short-lived that is never freed early, without an object for it.
   * `smallerThan`: only holdings larger than this are freed to make room.
   */
  take(bytes: number, smallerThan = bytes): boolean {
    if (!this.#own.hasRoomFor(bytes) || !this.#total.hasRoomFor(bytes)) {
      if (!this.#makeRoom(bytes, smallerThan)) return false;
    }
    this.#own.bytes += bytes;
    this.#total.bytes += bytes;
    return true;
  }

  /** Stops counting these bytes. */
  giveBack(bytes: number): void {
    this.#own.bytes -= bytes;
    this.#total.bytes -= bytes;
  }

  /** Frees the largest holdings until there is room; false if none is larger than the asker. */
  #makeRoom(bytes: number, askerBytes: number): boolean {
    for (;;) {
      const isShareFull = !this.#own.hasRoomFor(bytes);
      if (!isShareFull && this.#total.hasRoomFor(bytes)) return true;
      const largest = isShareFull ? this.#bySize.largest() : this.#largestOfAll();
      if (largest === undefined || largest.bytes <= askerBytes) return false;
      largest.giveWay();
    }
  }

  #largestOfAll(): Holding | undefined {
    let largest: Holding | undefined;
    for (const share of this.#siblings) {
      const candidate = share.#bySize.largest();
      if (candidate !== undefined && candidate.bytes > (largest?.bytes ?? 0)) largest = candidate;
    }
    return largest;
  }
}

/** Memory that is held for one client or one piece of work. */
export class Holding {
  readonly #share: MemoryShare;
  readonly #bySize: BySize;
  readonly #onGiveWay: (() => void) | undefined;
  #bytes = 0;
  #sizeClass = 0;
  /** Its place among the holdings that can be freed; undefined if it holds nothing, or cannot be freed. */
  #entry: ListEntry<Holding> | undefined;
  #isClosed = false;

  /** Called by MemoryShare.open. */
  constructor(share: MemoryShare, bySize: BySize, { onGiveWay }: HoldingOptions) {
    this.#share = share;
    this.#bySize = bySize;
    this.#onGiveWay = onGiveWay;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Asks for further bytes before they are allocated. If there is no room, larger holdings are freed. Returns false,
   * without counting anything, if there is still no room, or if this holding is closed (it may have been the largest
   * itself).
   */
  grow(bytes: number): boolean {
    if (this.#isClosed || !this.#share.take(bytes, this.#bytes + bytes)) return false;
    this.#bytes += bytes;
    this.#sort();
    return true;
  }

  /** Releases some of the bytes. */
  shrink(bytes: number): void {
    const freed = Math.min(bytes, this.#bytes);
    this.#share.giveBack(freed);
    this.#bytes -= freed;
    this.#sort();
  }

  /** Releases all bytes for good. */
  close(): void {
    this.#isClosed = true;
    this.shrink(this.#bytes);
  }

  /**
   * For the budget: asks the holder to free its memory. A holder that frees nothing is not asked again until its size
   * changes.
   */
  giveWay(): void {
    const before = this.#bytes;
    this.#onGiveWay?.();
    if (this.#bytes >= before) this.#unlist();
  }

  #sort(): void {
    if (this.#onGiveWay === undefined) return;
    const sizeClass = sizeClassOf(this.#bytes);
    if (this.#entry !== undefined) {
      if (sizeClass === this.#sizeClass && this.#bytes > 0) return;
      this.#unlist();
    }
    if (this.#bytes === 0) return;
    this.#sizeClass = sizeClass;
    this.#entry = this.#bySize.add(this, sizeClass);
  }

  #unlist(): void {
    if (this.#entry === undefined) return;
    this.#bySize.remove(this.#entry, this.#sizeClass);
    this.#entry = undefined;
  }
}
