/** A message arrives before or soon after the API's answer tells its id: so many are more than enough to look back. */
const ARRIVALS_KEPT = 100;

/** When messages arrived on this page, so that a sender learns how long his took. */
export class Arrivals {
  /** By message id, the oldest first. */
  readonly #timesMs = new Map<string, number>();
  #awaited: { readonly id: string; readonly tell: (atMs: number) => void } | undefined;

  note(id: string, atMs: number): void {
    this.#timesMs.set(id, atMs);
    for (const oldest of this.#timesMs.keys()) {
      if (this.#timesMs.size <= ARRIVALS_KEPT) break;
      this.#timesMs.delete(oldest);
    }
    if (this.#awaited?.id === id) this.#tellAwaited(atMs);
  }

  /** Calls once, now or when the message arrives. Only the last one that was asked for is waited for. */
  when(id: string, tell: (atMs: number) => void): void {
    this.#awaited = { id, tell };
    const atMs = this.#timesMs.get(id);
    if (atMs !== undefined) this.#tellAwaited(atMs);
  }

  #tellAwaited(atMs: number): void {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    awaited?.tell(atMs);
  }
}
