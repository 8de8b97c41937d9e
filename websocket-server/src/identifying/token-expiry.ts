const SECOND_MS = 1_000;

/**
 * Calls back for each member at its time, to the second: those of one second are together, and one timer looks at every
 * full second which are due. On the clock of the tokens, which may be set.
 */
export class TokenExpiry<Member> {
  readonly #onExpired: (member: Member) => void;
  /** By the full second, since 1970. */
  readonly #bySecond = new Map<number, Set<Member>>();
  readonly #seconds = new Map<Member, number>();
  #timer: NodeJS.Timeout;

  constructor(onExpired: (member: Member) => void) {
    this.#onExpired = onExpired;
    this.#timer = this.#plan();
  }

  get size(): number {
    return this.#seconds.size;
  }

  /** From now on the member's time is this, whatever it was before. Milliseconds since 1970, a full second. */
  set(member: Member, expiresAt: number): void {
    this.remove(member);
    const second = Math.floor(expiresAt / SECOND_MS);
    const members = this.#bySecond.get(second);
    if (members === undefined) this.#bySecond.set(second, new Set([member]));
    else members.add(member);
    this.#seconds.set(member, second);
  }

  remove(member: Member): void {
    const second = this.#seconds.get(member);
    if (second === undefined) return;
    this.#seconds.delete(member);
    const members = this.#bySecond.get(second);
    members?.delete(member);
    if (members?.size === 0) this.#bySecond.delete(second);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** At the next full second: that is when tokens expire. */
  #plan(): NodeJS.Timeout {
    return setTimeout(
      () => {
        this.#tick();
        this.#timer = this.#plan();
      },
      SECOND_MS - (Date.now() % SECOND_MS),
    );
  }

  /** All that are due are looked for, not this second's alone: a second can be missed, and the clock can be set. */
  #tick(): void {
    const now = Math.floor(Date.now() / SECOND_MS);
    for (const [second, members] of this.#bySecond) {
      if (second > now) continue;
      this.#bySecond.delete(second);
      for (const member of members) {
        this.#seconds.delete(member);
        this.#onExpired(member);
      }
    }
  }
}
