/** A connection, as the wheel knows it. */
export interface HeartbeatMember {
  onHeartbeat(): void;
}

/** One slot a second: with 10,000 connections and a turn of 25 s, 400 heartbeats a tick rather than 10,000 at once. */
const SLOT_MS = 1_000;

/** One timer for the heartbeats of all connections: calls each member once a turn, spread over the turn. */
export class HeartbeatWheel<Member extends HeartbeatMember> {
  readonly #slots: readonly Set<Member>[];
  readonly #timer: NodeJS.Timeout;
  #current = 0;
  #nextSlot = 0;

  constructor(turnSeconds: number) {
    this.#slots = Array.from({ length: turnSeconds }, () => new Set<Member>());
    this.#timer = setInterval(() => {
      this.#tick();
    }, SLOT_MS);
  }

  /** Adds a member and returns its slot, which `remove` needs. */
  add(member: Member): number {
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + 1) % this.#slots.length;
    this.#slots[slot]?.add(member);
    return slot;
  }

  remove(member: Member, slot: number): void {
    this.#slots[slot]?.delete(member);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const slot = this.#slots[this.#current];
    this.#current = (this.#current + 1) % this.#slots.length;
    if (slot !== undefined) for (const member of slot) member.onHeartbeat();
  }
}
