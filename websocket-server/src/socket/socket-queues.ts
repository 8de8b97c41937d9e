import type { Holding, MemoryBudget, MemoryShare } from '@postline/service-runtime';

/**
 * Bytes that may wait in one socket's queue before it is full, while there is room for all. A page of backlog fits, so a
 * reader at full speed is never starved.
 */
const QUEUE_BYTES_MAX = 256 * 1024;

/**
 * Bytes that an empty socket is given also where no room is left: the system's own buffers take them at once from a
 * client that reads, so such clients go on. What stays behind is counted, and has to find room.
 */
const PIECE_BYTES = 16 * 1024;

/** Beyond this share memory is short, and who takes nothing is given less time. */
const SHORT_SHARE = 3 / 4;

/** A socket that has bytes waiting in its queue. */
export interface QueuedSocket {
  /** Looks how much still waits. */
  recount(): void;
}

/**
 * What waits in the queues of all sockets together. The sum is bounded: the more sockets have something waiting, the less
 * each may have before it is full and waits in the log; where no room is left at all, the fullest socket that takes
 * nothing is closed for the sake of one that holds less. Sockets of clients that read have an empty queue, and cost
 * nothing here. Bytes that several queues share are counted for each.
 */
export class SocketQueues {
  readonly #budget: MemoryBudget;
  readonly #share: MemoryShare;
  /** Beginnings of frames whose rest has not come. */
  readonly #incoming: MemoryShare;
  readonly #queued = new Set<QueuedSocket>();

  constructor({ budget, bytesMax }: { readonly budget: MemoryBudget; readonly bytesMax: number }) {
    this.#budget = budget;
    this.#share = budget.share({ bytesMax });
    this.#incoming = budget.share({ bytesMax });
  }

  /** Bytes that wait now. */
  get bytes(): number {
    return this.#share.bytes;
  }

  /** Bytes of incomplete frames that are held now. */
  get incomingBytes(): number {
    return this.#incoming.bytes;
  }

  /** Sockets that have something waiting. */
  get size(): number {
    return this.#queued.size;
  }

  get isShort(): boolean {
    return this.bytes > SHORT_SHARE * this.#share.bytesMax;
  }

  /** How much one socket may have waiting now: half of the room is shared out evenly, the rest is for who comes next. */
  roomBytes(): number {
    const { bytes, bytesMax } = this.#share;
    const free = Math.min(bytesMax - bytes, this.#budget.bytesMax - this.#budget.bytes);
    const even = bytesMax / (2 * (this.#queued.size + 1));
    return Math.floor(Math.max(PIECE_BYTES, Math.min(QUEUE_BYTES_MAX, even, free)));
  }

  /** Something waits in this socket's queue from now on. */
  open(socket: QueuedSocket, onGiveWay: () => void): Holding {
    this.#queued.add(socket);
    return this.#share.open({ onGiveWay });
  }

  /** Something of a frame has come, and not all. Bounded in sum like the queues; the largest gives way. */
  openIncoming(onGiveWay: () => void): Holding {
    return this.#incoming.open({ onGiveWay });
  }

  /** Nothing waits there any more. */
  close(socket: QueuedSocket, holding: Holding): void {
    this.#queued.delete(socket);
    holding.close();
  }

  /** Looks at all queues: a small one drains without saying so. Called every quarter of a second or so. */
  sweep(): void {
    for (const socket of this.#queued) socket.recount();
  }
}
