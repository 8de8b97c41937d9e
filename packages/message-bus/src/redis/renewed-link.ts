import type { BusEndEvents, BusState, BusUnavailableError } from '../message-bus.ts';

/** The connections of a publisher or subscriber, which are opened and closed together. */
export interface Link {
  close(): Promise<void>;
}

export interface RenewedLinkOptions<L extends Link> {
  readonly open: (events: BusEndEvents) => L;
  readonly events: BusEndEvents | undefined;
  /** Resolves when the replaced link may close, because its successor has taken over. */
  readonly beforeRetiring?: (replaced: L, successor: L) => Promise<void>;
}

interface Opened<L> {
  readonly id: number;
  readonly link: L;
}

/**
 * Replaces a link on request by a new one, which finds the server again. The successor works before the old link
 * closes, so there is no outage. If it can't connect, the old link stays.
 */
export class RenewedLink<L extends Link> {
  readonly #options: RenewedLinkOptions<L>;
  readonly #retiring = new Map<L, Promise<void>>();
  #openedCount = 0;
  #current: Opened<L>;
  #next: Opened<L> | undefined;
  #state: BusState = 'down';
  #isClosed = false;

  constructor(options: RenewedLinkOptions<L>) {
    this.#options = options;
    this.#current = this.#open();
  }

  /** The link in use. */
  get current(): L {
    return this.#current.link;
  }

  /** Its successor, while that connects. */
  get next(): L | undefined {
    return this.#next?.link;
  }

  /** All open links, including those that are about to close. */
  *all(): Generator<L, void, undefined> {
    yield this.#current.link;
    if (this.#next !== undefined) yield this.#next.link;
    yield* this.#retiring.keys();
  }

  /** Opens a successor now, unless one is already connecting. */
  renew(): void {
    if (this.#isClosed || this.#next !== undefined) return;
    this.#next = this.#open();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.all()].map((link) => link.close()));
    await Promise.all(this.#retiring.values());
  }

  #open(): Opened<L> {
    this.#openedCount += 1;
    const id = this.#openedCount;
    const link = this.#options.open({
      onState: (state) => {
        this.#onState(id, state);
      },
      onFault: (error) => {
        this.#onFault(id, error);
      },
    });
    return { id, link };
  }

  #onState(id: number, state: BusState): void {
    if (this.#isClosed) return;
    if (id === this.#next?.id && state === 'up') this.#promote(this.#next);
    else if (id === this.#current.id) this.#setState(state);
  }

  /** A fault of a successor is no outage: the link in use still works, or reports its own faults. */
  #onFault(id: number, error: BusUnavailableError): void {
    if (!this.#isClosed && id === this.#current.id) this.#options.events?.onFault?.(error);
  }

  #promote(successor: Opened<L>): void {
    const { link } = this.#current;
    this.#current = successor;
    this.#next = undefined;
    this.#retiring.set(
      link,
      this.#retire(link, successor.link).finally(() => this.#retiring.delete(link)),
    );
    if (this.#state !== 'up') this.#setState('up');
  }

  async #retire(link: L, successor: L): Promise<void> {
    await this.#options.beforeRetiring?.(link, successor).catch(() => undefined); // one of the two is lost
    await link.close();
  }

  #setState(state: BusState): void {
    this.#state = state;
    this.#options.events?.onState(state);
  }
}
