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
 * The subscriptions of one connection: the wanted ones, and those that Redis has. Calls change only the wanted ones;
 * rounds, one at a time, make the same changes in Redis. So the last call wins, whatever was being sent.
 */
export class Subscriptions {
  readonly #wanted = new Set<string>();
  /** Targets that Redis has, or will have when it has answered the current round. */
  readonly #sent = new Set<string>();
  /** Targets for which `wanted` and `sent` may differ. */
  readonly #changed = new Set<string>();
  /** Targets of the current round that Redis has not confirmed yet. */
  readonly #unconfirmed = new Set<string>();
  /** One waiter for each target with a pending `subscribe`. */
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

  /** Marks a target as wanted, without waiting. */
  want(targetId: string): void {
    this.#wanted.add(targetId);
    if (!this.#sent.has(targetId)) this.#changed.add(targetId);
  }

  /**
   * Marks a target as wanted. Resolves when Redis has confirmed it, or when it is unwanted again before Redis was
   * asked.
   */
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
        this.#resolveWaiter(targetId); // it is wanted and unwanted again, or the reverse, before anything was sent
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

  /** Call this when Redis has answered the whole round. */
  confirm(round: SubscriptionRound): void {
    this.#unconfirmed.clear();
    for (const targetId of round.subscribe) this.#resolveWaiter(targetId);
  }

  /**
   * Call this when the connection and its subscriptions are lost. Pending calls are rejected, and all wanted targets
   * are sent again.
   */
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
