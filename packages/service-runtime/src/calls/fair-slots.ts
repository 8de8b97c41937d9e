import { type ListEntry, LinkedList } from '../structures/linked-list.ts';
import { SlotsExhaustedError } from './slots.ts';

/**
 * Absent payers whose debt is remembered; at 100 bytes each they take a megabyte. A forgotten one gets a single call
 * sooner than it should.
 */
const ABSENT_DEBTORS_MAX = 10_000;

export interface FairSlotsBounds {
  /** Calls that run at the same time. */
  readonly slotsMax: number;
  /**
   * Calls of one payer that run at the same time; left out, one payer may have all slots while no other payer waits.
   */
  readonly slotsPerPayerMax?: number;
  /** Calls that may wait for a slot; left out where the callers are bounded already. */
  readonly waitersMax?: number;
  /** Calls of one payer that may wait for a slot: the rest of `waitersMax` stays free for others. */
  readonly waitersPerPayerMax?: number;
  /** What a payer may cost in each turn, in the unit of `costOf`; 1 if left out. */
  readonly costPerTurn?: number;
}

export interface FairUse<T> {
  /** Aborting it rejects the call while it waits, so work that is no longer needed never starts. */
  readonly signal?: AbortSignal | undefined;
  /** The cost of the work, once it is done; 1 if it failed, or if this is left out. */
  readonly costOf?: ((result: T) => number) | undefined;
  /**
   * A rest of the payer after this call: the slot is free for others at once, but still counts as one of the payer's.
   * Must not reject.
   */
  readonly restOf?: ((result: T) => Promise<unknown> | undefined) | undefined;
}

interface Payer {
  readonly id: string;
  /** Running calls and rests. */
  active: number;
  /** The cost of its work beyond its share; counted only while calls wait. */
  debt: number;
  /** Each is called when it gets a slot. */
  readonly waiters: LinkedList<() => void>;
  /** Its place in the queue for turns. */
  place: ListEntry<Payer> | undefined;
}

/**
 * Limits how many calls run at once, like `Slots`, but payers take turns: a payer with a thousand calls delays
 * another's call by one call, not by a thousand. Turns are weighted by cost (deficit round robin): a payer whose work
 * was expensive is skipped until the others have had as much. The cost is known when the work is done, so running calls
 * may bring a payer into debt.
 */
export class FairSlots {
  #free: number;
  #waiting = 0;
  readonly #slotsPerPayerMax: number;
  readonly #waitersMax: number;
  readonly #waitersPerPayerMax: number;
  readonly #costPerTurn: number;
  readonly #payers = new Map<string, Payer>();
  /** Payers with a waiting call that may have a slot; the first has the next turn. */
  readonly #turns = new LinkedList<Payer>();
  /** Debts of payers without a running or waiting call. */
  readonly #absentDebts = new Map<string, number>();

  constructor(bounds: FairSlotsBounds) {
    this.#free = bounds.slotsMax;
    this.#slotsPerPayerMax = bounds.slotsPerPayerMax ?? Infinity;
    this.#waitersMax = bounds.waitersMax ?? Infinity;
    this.#waitersPerPayerMax = bounds.waitersPerPayerMax ?? Infinity;
    this.#costPerTurn = bounds.costPerTurn ?? 1;
  }

  /** Number of waiting calls. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Runs the work once a slot is free and it is the payer's turn. Rejects with a SlotsExhaustedError if too many wait.
   */
  async use<T>(payerId: string, work: () => Promise<T>, use: FairUse<T> = {}): Promise<T> {
    const { signal, costOf, restOf } = use;
    signal?.throwIfAborted();
    const payer = this.#payerOf(payerId);
    if (this.#free > 0 && this.#mayBegin(payer)) this.#begin(payer);
    else await this.#wait(payer, signal); // `#serve` has begun it
    let cost = 1;
    let rest: Promise<unknown> | undefined;
    try {
      const result = await work();
      cost = costOf?.(result) ?? 1;
      rest = restOf?.(result);
      return result;
    } finally {
      this.#end(payer, cost, rest);
    }
  }

  #payerOf(id: string): Payer {
    const known = this.#payers.get(id);
    if (known !== undefined) return known;
    const debt = this.#absentDebts.get(id) ?? 0;
    this.#absentDebts.delete(id);
    const payer: Payer = { id, active: 0, debt, waiters: new LinkedList(), place: undefined };
    this.#payers.set(id, payer);
    return payer;
  }

  #mayBegin(payer: Payer): boolean {
    return payer.active < this.#slotsPerPayerMax && payer.waiters.size === 0;
  }

  #begin(payer: Payer): void {
    this.#free -= 1;
    payer.active += 1;
  }

  #end(payer: Payer, cost: number, rest: Promise<unknown> | undefined): void {
    this.#free += 1;
    payer.debt = this.#waiting > 0 ? payer.debt + cost : 0;
    if (rest === undefined) {
      this.#goOn(payer);
    } else {
      this.#serve();
      void rest.then(() => {
        this.#goOn(payer);
      });
    }
  }

  /** Frees one slot of the payer. */
  #goOn(payer: Payer): void {
    payer.active -= 1;
    if (payer.active === 0) payer.debt = Math.max(payer.debt, 0); // cheap work earns no credit
    this.#takePlace(payer);
    this.#serve();
    this.#forgetIfIdle(payer);
  }

  async #wait(payer: Payer, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting >= this.#waitersMax) throw this.#exhausted(payer, this.#waitersMax);
    if (payer.waiters.size >= this.#waitersPerPayerMax)
      throw this.#exhausted(payer, this.#waitersPerPayerMax);
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        signal?.removeEventListener('abort', onAbort);
        if (payer.waiters.remove(entry)) this.#waiting -= 1;
      };
      const onAbort = () => {
        leave();
        if (payer.waiters.size === 0) this.#losePlace(payer);
        this.#forgetIfIdle(payer);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const entry = payer.waiters.add(() => {
        leave();
        resolve();
      });
      this.#waiting += 1;
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#takePlace(payer);
    });
  }

  #exhausted(payer: Payer, waitersMax: number): SlotsExhaustedError {
    this.#forgetIfIdle(payer);
    return new SlotsExhaustedError(waitersMax);
  }

  /** Queues the payer for a turn, if it waits for nothing but a slot. */
  #takePlace(payer: Payer): void {
    if (payer.place !== undefined || payer.waiters.size === 0 || payer.active >= this.#slotsPerPayerMax)
      return;
    payer.place = this.#turns.add(payer);
  }

  #losePlace(payer: Payer): void {
    if (payer.place !== undefined) this.#turns.remove(payer.place);
    payer.place = undefined;
  }

  /** Hands free slots directly to waiting calls: a newcomer could take a slot that is free in between. */
  #serve(): void {
    while (this.#free > 0) {
      const payer = this.#nextPayer();
      const begin = payer?.waiters.first;
      if (payer === undefined || begin === undefined) return;
      this.#begin(payer);
      begin();
      this.#takePlace(payer);
    }
  }

  /**
   * Removes and returns the first payer in the queue without debt. Each payer it passes is forgiven a part of its debt,
   * so this ends, and takes no more steps in all than there was cost.
   */
  #nextPayer(): Payer | undefined {
    for (let payer = this.#turns.first; payer !== undefined; payer = this.#turns.first) {
      this.#losePlace(payer);
      if (this.#turns.size === 0) payer.debt = 0; // no other payer waits
      const owed = payer.debt;
      payer.debt -= this.#costPerTurn;
      if (owed <= 0) return payer;
      payer.place = this.#turns.add(payer);
    }
    return undefined;
  }

  #forgetIfIdle(payer: Payer): void {
    if (this.#waiting === 0) this.#absentDebts.clear(); // nobody waits because of it
    if (payer.active > 0 || payer.waiters.size > 0 || this.#payers.get(payer.id) !== payer) return;
    this.#payers.delete(payer.id);
    if (this.#waiting === 0 || payer.debt <= 0) return;
    this.#absentDebts.set(payer.id, payer.debt);
    const [longestGone] = this.#absentDebts.keys();
    if (this.#absentDebts.size > ABSENT_DEBTORS_MAX && longestGone !== undefined)
      this.#absentDebts.delete(longestGone);
  }
}
