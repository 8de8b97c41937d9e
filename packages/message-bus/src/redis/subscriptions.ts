/** The changes that one round sends to Redis. */
export interface SubscriptionRound {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
}

interface Waiter {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The subscriptions of one connection: those that Redis has and those that are wanted. Calls only change the wanted ones;
 * rounds, one at a time, bring Redis there. So the last call wins, whatever was being sent.
 */
export class Subscriptions {
  readonly #wanted = new Set<string>();
  /** Those that Redis has, or will have once it has answered the current round. */
  readonly #sent = new Set<string>();
  /** Where `wanted` and `sent` may differ. */
  readonly #changed = new Set<string>();
  /** Targets of the current round that Redis has not confirmed yet. */
  readonly #unconfirmed = new Set<string>();
  /** One for each target with a pending `subscribe`. */
  readonly #waiters = new Map<string, Waiter>();

  isWanted(targetId: string): boolean {
    return this.#wanted.has(targetId);
  }

  /** True if there is something to send. */
  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  /** True if Redis has confirmed all subscriptions. */
  get isConfirmed(): boolean {
    return this.#changed.size === 0 && this.#unconfirmed.size === 0;
  }

  /** Wants a target without waiting for it. */
  want(targetId: string): void {
    this.#wanted.add(targetId);
    if (!this.#sent.has(targetId)) this.#changed.add(targetId);
  }

  /** Wants a target; resolves when Redis confirmed it, or when it is no longer wanted before Redis was asked. */
  subscribe(targetId: string): Promise<void> {
    this.want(targetId);
    const waiter = this.#waiters.get(targetId);
    if (waiter !== undefined) return waiter.promise;
    if (this.#sent.has(targetId) && !this.#unconfirmed.has(targetId)) return Promise.resolve();
    const created = createWaiter();
    this.#waiters.set(targetId, created);
    return created.promise;
  }

  unsubscribe(targetId: string): void {
    if (this.#wanted.delete(targetId)) this.#changed.add(targetId);
  }

  /** Takes up to `targetsMax` changes to send now. */
  takeRound(targetsMax: number): SubscriptionRound {
    const subscribe: string[] = [];
    const unsubscribe: string[] = [];
    let taken = 0;
    for (const targetId of this.#changed) {
      if (taken === targetsMax) break;
      taken += 1;
      this.#changed.delete(targetId);
      if (this.#wanted.has(targetId) === this.#sent.has(targetId)) {
        this.#resolveWaiter(targetId); // wanted and unwanted again before it was sent, or the other way round
      } else if (this.#sent.delete(targetId)) {
        unsubscribe.push(targetId);
      } else {
        this.#sent.add(targetId);
        this.#unconfirmed.add(targetId);
        subscribe.push(targetId);
      }
    }
    return { subscribe, unsubscribe };
  }

  /** Redis answered the whole round. */
  confirm(round: SubscriptionRound): void {
    this.#unconfirmed.clear();
    for (const targetId of round.subscribe) this.#resolveWaiter(targetId);
  }

  /** The connection is lost with its subscriptions: pending calls are rejected, all wanted targets are sent again. */
  reset(reason: Error): void {
    this.#sent.clear();
    this.#unconfirmed.clear();
    this.#changed.clear();
    for (const targetId of this.#wanted) this.#changed.add(targetId);
    for (const waiter of this.#waiters.values()) waiter.reject(reason);
    this.#waiters.clear();
  }

  #resolveWaiter(targetId: string): void {
    this.#waiters.get(targetId)?.resolve();
    this.#waiters.delete(targetId);
  }
}

function createWaiter(): Waiter {
  let resolve: Waiter['resolve'] = () => undefined;
  let reject: Waiter['reject'] = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
