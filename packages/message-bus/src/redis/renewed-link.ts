import type { BusEndEvents, BusState, BusUnavailableError } from '../message-bus.ts';

/** The least part of its highest age that a link gets: those of services that started together part. */
const AGE_SHARE_MIN = 0.6;

/** One end's connections to Redis, from their making to their end. */
export interface Link {
  close(): Promise<void>;
}

export interface RenewedLinkOptions<L extends Link> {
  readonly open: (events: BusEndEvents) => L;
  /** Milliseconds after which a link that works is replaced, in use or not. */
  readonly ageMaxMs: number;
  readonly events: BusEndEvents | undefined;
  /** Resolves once the replaced link may close, because its successor takes over everything from here on. */
  readonly beforeRetiring?: (replaced: L, successor: L) => Promise<void>;
}

interface Opened<L> {
  readonly id: number;
  readonly link: L;
}

/**
 * Replaces a link, again and again, by a new one that is made by the address: where that has come to point elsewhere,
 * an old server that is still up and healthy would otherwise be talked to for ever. The successor works before the old
 * one ends, so nothing is down in between; where it can't be made, the old one stays.
 */
export class RenewedLink<L extends Link> {
  readonly #options: RenewedLinkOptions<L>;
  readonly #retiring = new Map<L, Promise<void>>();
  #openedCount = 0;
  #current: Opened<L>;
  #next: Opened<L> | undefined;
  #state: BusState = 'down';
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: RenewedLinkOptions<L>) {
    this.#options = options;
    this.#current = this.#open();
  }

  /** The one that is in use. */
  get current(): L {
    return this.#current.link;
  }

  /** The one that takes its place in a moment, if any. */
  get next(): L | undefined {
    return this.#next?.link;
  }

  /** All that are open: also those that are about to end. */
  *all(): Generator<L, void, undefined> {
    yield this.#current.link;
    if (this.#next !== undefined) yield this.#next.link;
    yield* this.#retiring.keys();
  }

  /** Makes a new link by the address now, unless that is under way. */
  renew(): void {
    if (this.#isClosed || this.#next !== undefined) return;
    this.#next = this.#open();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
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

  /** What a successor can't do is no outage: the link in use still works, or reports by itself that it doesn't. */
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
    if (this.#state === 'up') this.#planRenewal();
    else this.#setState('up');
  }

  async #retire(link: L, successor: L): Promise<void> {
    await this.#options.beforeRetiring?.(link, successor).catch(() => undefined); // one of the two is lost
    await link.close();
  }

  #setState(state: BusState): void {
    if (state === 'up') this.#planRenewal();
    else clearTimeout(this.#timer); // what connects again connects by the address
    this.#state = state;
    this.#options.events?.onState(state);
  }

  #planRenewal(): void {
    const { ageMaxMs } = this.#options;
    clearTimeout(this.#timer);
    const ageMs = ageMaxMs * (AGE_SHARE_MIN + (1 - AGE_SHARE_MIN) * Math.random());
    this.#timer = setTimeout(() => {
      this.renew();
    }, ageMs);
  }
}
