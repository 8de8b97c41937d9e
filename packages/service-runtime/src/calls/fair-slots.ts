import { type ListEntry, LinkedList } from '../structures/linked-list.ts';
import { SlotsExhaustedError } from './slots.ts';

/**
 * Payers without anything waiting whose debt is remembered. One that is forgotten gets a single piece of work sooner
 * than it should; at 100 bytes each they take a megabyte.
 */
const ABSENT_DEBTORS_MAX = 10_000;

export interface FairSlotsBounds {
  /** Work that is done at the same time. */
  readonly slotsMax: number;
  /** Work of one payer that is done at the same time; left out, one payer may have all slots while nobody else asks. */
  readonly slotsPerPayerMax?: number;
  /** Work that may wait for a slot; left out where those who ask are bounded themselves. */
  readonly waitersMax?: number;
  /** Work of one payer that may wait for a slot: the rest of `waitersMax` stays free for others. */
  readonly waitersPerPayerMax?: number;
  /** What a payer may cost each time that its turn comes round, in the unit of `costOf`; 1 where it is left out. */
  readonly costPerTurn?: number;
}

export interface FairUse<T> {
  /** Rejects the call while it waits as soon as this is aborted: work that nobody wants any more is never begun. */
  readonly signal?: AbortSignal | undefined;
  /** What the work turned out to cost, as soon as it is done; 1 where it failed or nothing is said. */
  readonly costOf?: ((result: T) => number) | undefined;
  /**
   * What the payer waits for after this work until its next one: the slot itself goes on to others at once, but still
   * counts among the payer's own. Must not reject.
   */
  readonly restOf?: ((result: T) => Promise<unknown> | undefined) | undefined;
}

interface Payer {
  readonly id: string;
  /** Work under way, and rests after it. */
  active: number;
  /** What its work has cost beyond its share; only counted while somebody waits. */
  debt: number;
  /** Each is called when a slot has come free for it. */
  readonly waiters: LinkedList<() => void>;
  /** Where it stands among those that may have the next slot. */
  place: ListEntry<Payer> | undefined;
}

/**
 * A number of slots for work, like `Slots`, where those who wait are served in turn by who pays for them: a payer with a
 * thousand calls delays another's by one piece of work, not by a thousand. Turns are weighed by cost (deficit round
 * robin): whose work was dear is passed over until the others have had as much. What something costs is known when it
 * is done, so a payer may go into debt by what it has under way.
 */
export class FairSlots {
  #free: number;
  #waiting = 0;
  readonly #slotsPerPayerMax: number;
  readonly #waitersMax: number;
  readonly #waitersPerPayerMax: number;
  readonly #costPerTurn: number;
  readonly #payers = new Map<string, Payer>();
  /** Payers that wait for a slot and may have one; the first has the next turn. */
  readonly #turns = new LinkedList<Payer>();
  /** Debts of payers that have nothing here at the moment. */
  readonly #absentDebts = new Map<string, number>();

  constructor(bounds: FairSlotsBounds) {
    this.#free = bounds.slotsMax;
    this.#slotsPerPayerMax = bounds.slotsPerPayerMax ?? Infinity;
    this.#waitersMax = bounds.waitersMax ?? Infinity;
    this.#waitersPerPayerMax = bounds.waitersPerPayerMax ?? Infinity;
    this.#costPerTurn = bounds.costPerTurn ?? 1;
  }

  /** Calls that wait for a slot. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Does the work when a slot is free and it is the payer's turn; at once where nobody waits for a slot. Rejects with a
   * SlotsExhaustedError where too many wait.
   */
  async use<T>(payerId: string, work: () => Promise<T>, use: FairUse<T> = {}): Promise<T> {
    const { signal, costOf, restOf } = use;
    signal?.throwIfAborted();
    const payer = this.#payerOf(payerId);
    if (this.#free > 0 && this.#mayBegin(payer)) this.#begin(payer);
    else await this.#wait(payer, signal); // begun by whoever gave its slot on
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

  /** The payer may use one more slot. */
  #goOn(payer: Payer): void {
    payer.active -= 1;
    if (payer.active === 0) payer.debt = Math.max(payer.debt, 0); // cheap work saves nothing up
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

  /** At the end of the row, where the payer waits for nothing but a slot. */
  #takePlace(payer: Payer): void {
    if (payer.place !== undefined || payer.waiters.size === 0 || payer.active >= this.#slotsPerPayerMax)
      return;
    payer.place = this.#turns.add(payer);
  }

  #losePlace(payer: Payer): void {
    if (payer.place !== undefined) this.#turns.remove(payer.place);
    payer.place = undefined;
  }

  /** Straight to those who wait: a slot that was free in between could be taken by a newcomer. */
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
   * The first in the row that owes nothing; it loses its place. Each that is looked at is forgiven a part, so this comes
   * to an end, and takes no more steps in all than there was cost.
   */
  #nextPayer(): Payer | undefined {
    for (let payer = this.#turns.first; payer !== undefined; payer = this.#turns.first) {
      this.#losePlace(payer);
      if (this.#turns.size === 0) payer.debt = 0; // nobody else may have the slot
      const owed = payer.debt;
      payer.debt -= this.#costPerTurn;
      if (owed <= 0) return payer;
      payer.place = this.#turns.add(payer);
    }
    return undefined;
  }

  #forgetIfIdle(payer: Payer): void {
    if (this.#waiting === 0) this.#absentDebts.clear(); // nobody was kept waiting by it
    if (payer.active > 0 || payer.waiters.size > 0 || this.#payers.get(payer.id) !== payer) return;
    this.#payers.delete(payer.id);
    if (this.#waiting === 0 || payer.debt <= 0) return;
    this.#absentDebts.set(payer.id, payer.debt);
    const [longestGone] = this.#absentDebts.keys();
    if (this.#absentDebts.size > ABSENT_DEBTORS_MAX && longestGone !== undefined)
      this.#absentDebts.delete(longestGone);
  }
}
