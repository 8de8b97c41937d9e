/** The picture has room for so many, and more would not be told apart. */
export const DELAYS_KEPT = 50;

/** How long the stations of one sent message took, since the click that sent it. */
export interface Delay {
  /** Undefined if the clocks of the database and of this device differ too much to compare. */
  readonly storedMs: number | undefined;
  readonly answeredMs: number;
  /** Undefined until the message arrives on this page, or if it is not for a client of this page. */
  readonly deliveredMs: number | undefined;
}

export const STATIONS = ['stored', 'delivered', 'answered'] as const;
export type Station = (typeof STATIONS)[number];

export function timeAt(delay: Delay, station: Station): number | undefined {
  return delay[`${station}Ms`];
}

/** The delays of the last messages, oldest first. */
export class DelayLog {
  #delays: Delay[] = [];

  get delays(): readonly Delay[] {
    return this.#delays;
  }

  add(delay: Delay): void {
    this.#delays = [...this.#delays, delay].slice(-DELAYS_KEPT);
  }

  /** The message has arrived. It may have left the log in the meantime. */
  deliver(delay: Delay, deliveredMs: number): void {
    this.#delays = this.#delays.map((kept) => (kept === delay ? { ...delay, deliveredMs } : kept));
  }

  /** The median at a station, of those messages whose time is known there. */
  median(station: Station): number | undefined {
    const times = this.#delays.flatMap((delay) => timeAt(delay, station) ?? []).sort((a, b) => a - b);
    const middle = times.length / 2;
    const [low, high] = [times[Math.ceil(middle) - 1], times[Math.floor(middle)]];
    return low === undefined || high === undefined ? undefined : (low + high) / 2;
  }
}

/**
 * When the message was stored, since the click, by two clocks: `createdAt` is the database's, in whole milliseconds. A
 * time before the click or after the answer proves that the clocks differ.
 */
export function storedAfter(
  createdAt: string,
  clickedAtEpochMs: number,
  answeredMs: number,
): number | undefined {
  const storedMs = Date.parse(createdAt) - clickedAtEpochMs;
  return storedMs > -1 && storedMs < answeredMs + 1 ? Math.max(0, storedMs) : undefined;
}
