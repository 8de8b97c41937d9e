import { LinkedList, type ListEntry } from '../structures/linked-list.ts';

/** Holdings are sorted by the power of two of their KiB: enough to find one of the largest without looking at all. */
const SIZE_CLASSES = 32;
const BYTES_PER_KIB = 1024;
/** So many of the highest class are compared; the largest is then known within a factor of two, mostly exactly. */
const COMPARED_MAX = 16;

export interface HoldingOptions {
  /**
   * Frees what the holding counts, at once: closes it, or shrinks it. Called where another one needs the room. Left out
   * where nothing can be given back before its time.
   */
  readonly onGiveWay?: () => void;
}

/** Bytes that are held, and how many may be. */
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

/** Holdings that can give way, by size. */
class BySize {
  readonly #classes: LinkedList<Holding>[] = [];
  /** One bit for each class that has a holding. */
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
 * What a process holds in memory for others: bodies, pages, frames that wait. Whoever is about to hold more asks first,
 * and counts what things really cost. Where there is no room, the largest holding gives way to a smaller one, so a few
 * that hold much never keep many that need little waiting. Each kind of thing has a share with a bound of its own.
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

  /** What is held now, in all shares together. */
  get bytes(): number {
    return this.#total.bytes;
  }

  /** A kind of thing that may take so much at most; the shares may come to more than the whole. */
  share({ bytesMax = this.bytesMax }: { readonly bytesMax?: number } = {}): MemoryShare {
    const share = new MemoryShare({ bytesMax, total: this.#total, siblings: this.#shares });
    this.#shares.push(share);
    return share;
  }
}

interface MemoryShareOptions {
  readonly bytesMax: number;
  readonly total: Sum;
  /** All shares of the budget, this one among them. */
  readonly siblings: readonly MemoryShare[];
}

/** One kind of thing in a MemoryBudget. */
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
   * What one thing may take for the moment in which it is worked on, beside what is held: the same as the whole budget,
   * which is derived so that the heap has as much room again.
   */
  get workBytesMax(): number {
    return this.#total.bytesMax;
  }

  /** Something that will hold memory, and can be asked to give it back. */
  open(options: HoldingOptions = {}): Holding {
    return new Holding(this, this.#bySize, options);
  }

  /**
   * Counts bytes for something small and short-lived that never gives way: no object is made for it. `smallerThan` is
   * what a holding must exceed to make room for it.
   */
  take(bytes: number, smallerThan = bytes): boolean {
    if (!this.#own.hasRoomFor(bytes) || !this.#total.hasRoomFor(bytes)) {
      if (!this.#makeRoom(bytes, smallerThan)) return false;
    }
    this.#own.bytes += bytes;
    this.#total.bytes += bytes;
    return true;
  }

  /** Counts them no longer. */
  giveBack(bytes: number): void {
    this.#own.bytes -= bytes;
    this.#total.bytes -= bytes;
  }

  /** Lets the largest give way until there is room; false where those that could are no larger than who asks. */
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

/** Memory that is held for somebody. */
export class Holding {
  readonly #share: MemoryShare;
  readonly #bySize: BySize;
  readonly #onGiveWay: (() => void) | undefined;
  #bytes = 0;
  #sizeClass = 0;
  /** Its place among those that can give way; undefined where it holds nothing, or can't. */
  #entry: ListEntry<Holding> | undefined;
  #isClosed = false;

  /** Made by MemoryShare.open. */
  constructor(share: MemoryShare, bySize: BySize, { onGiveWay }: HoldingOptions) {
    this.#share = share;
    this.#bySize = bySize;
    this.#onGiveWay = onGiveWay;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Asks for further bytes, before they are taken. Where there is no room the largest holding gives way if it is larger
   * than this one would be; false, and nothing is counted, where none is. Always false once it is closed: possibly it was
   * itself the largest.
   */
  grow(bytes: number): boolean {
    if (this.#isClosed || !this.#share.take(bytes, this.#bytes + bytes)) return false;
    this.#bytes += bytes;
    this.#sort();
    return true;
  }

  /** So many are held no longer. */
  shrink(bytes: number): void {
    const freed = Math.min(bytes, this.#bytes);
    this.#share.giveBack(freed);
    this.#bytes -= freed;
    this.#sort();
  }

  /** Nothing is held any more, and nothing will be. */
  close(): void {
    this.#isClosed = true;
    this.shrink(this.#bytes);
  }

  /** For the budget: asks the holder to free what it holds. One that frees nothing is not asked again until it changes. */
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
