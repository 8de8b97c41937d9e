import type { Holding, MemoryBudget, MemoryShare } from '@postline/service-runtime';

/**
 * Bytes that may wait in one socket's queue before it is full, while there is room for all. A page of backlog fits, so that
 * a fast reader never runs dry.
 */
const QUEUE_BYTES_MAX = 256 * 1024;

/**
 * Bytes that an empty socket gets even if no room is left: if its client reads, the system's buffers take them at once, so
 * that such clients go on. Bytes that stay behind are counted, and have to find room.
 */
const PIECE_BYTES = 16 * 1024;

/** Above this share memory is short, and clients that read nothing get less time. */
const SHORT_SHARE = 3 / 4;

/** A socket that has bytes waiting in its queue. */
export interface QueuedSocket {
  /** Updates how much still waits. */
  recount(): void;
}

/**
 * The bytes that wait in the queues of all sockets, bounded in sum: the more sockets have bytes waiting, the fewer each may
 * have before the rest waits in the log. If no room is left, the fullest socket whose client reads nothing is closed in
 * favour of one that holds less. Sockets of clients that read have an empty queue, and cost nothing here. Bytes that
 * several queues share are counted for each.
 */
export class SocketQueues {
  readonly #budget: MemoryBudget;
  readonly #share: MemoryShare;
  /** Incomplete frames. */
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

  /** Sockets with bytes waiting. */
  get size(): number {
    return this.#queued.size;
  }

  get isShort(): boolean {
    return this.bytes > SHORT_SHARE * this.#share.bytesMax;
  }

  /** How much one socket may have waiting now: half of the room is divided evenly, the rest is for later sockets. */
  roomBytes(): number {
    const { bytes, bytesMax } = this.#share;
    const free = Math.min(bytesMax - bytes, this.#budget.bytesMax - this.#budget.bytes);
    const even = bytesMax / (2 * (this.#queued.size + 1));
    return Math.floor(Math.max(PIECE_BYTES, Math.min(QUEUE_BYTES_MAX, even, free)));
  }

  /** Bytes wait in this socket's queue from now on. */
  open(socket: QueuedSocket, onGiveWay: () => void): Holding {
    this.#queued.add(socket);
    return this.#share.open({ onGiveWay });
  }

  /** A frame is incomplete. Such frames are bounded in sum like the queues; the largest gives way. */
  openIncoming(onGiveWay: () => void): Holding {
    return this.#incoming.open({ onGiveWay });
  }

  /** The queue is empty. */
  close(socket: QueuedSocket, holding: Holding): void {
    this.#queued.delete(socket);
    holding.close();
  }

  /** Updates all queues: a small one drains without an event. To be called several times a second. */
  sweep(): void {
    for (const socket of this.#queued) socket.recount();
  }
}
