/** More than a page shows; a service with more has another problem than its memory. */
const OUTAGES_KEPT_MAX = 100;

export interface RecordedOutage {
  readonly began: Date;
  /** Undefined while it lasts. */
  readonly ended: Date | undefined;
  /** The last reason that was found. */
  readonly reason: string;
}

/** The outages of one part of a service since the start. */
export class OutageList {
  readonly #past: RecordedOutage[] = [];
  #current: RecordedOutage | undefined;
  #count = 0;

  /** Outages that have begun. */
  get count(): number {
    return this.#count;
  }

  /** The last ones, oldest first. */
  get recent(): readonly RecordedOutage[] {
    return this.#current === undefined ? this.#past : [...this.#past, this.#current];
  }

  /** The part failed, once more or for the first time. */
  failed(since: Date, reason: string): void {
    if (this.#current === undefined) this.#count += 1;
    this.#current = { began: this.#current?.began ?? since, ended: undefined, reason };
  }

  /** The part works. */
  worked(now: Date): void {
    if (this.#current === undefined) return;
    this.#past.push({ ...this.#current, ended: now });
    this.#current = undefined;
    if (this.#past.length > OUTAGES_KEPT_MAX) this.#past.shift();
  }
}
