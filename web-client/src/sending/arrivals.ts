/** A message arrives shortly before or after the API's answer with its id, so a hundred are enough. */
const ARRIVALS_KEPT = 100;

/** When messages arrived on this page, to show senders how long theirs took. */
export class Arrivals {
  /** By message id, oldest first. */
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

  /** Calls once, now or when the message arrives. A later call replaces an earlier one that still waits. */
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
