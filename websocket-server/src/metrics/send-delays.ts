import { Distribution } from '@postline/service-runtime';

/** From a message that just passes through to one that waited for a comparison, an outage or a slow reader. */
const BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

interface WaitingDelay {
  readonly createdAt: string;
  /** Connections that were sent the message. */
  sends: number;
}

/**
 * The time from the creation of messages, by the clock of the database, until they were written to the sockets of clients
 * that were connected all along. What a client missed while it was away is not counted.
 */
export class SendDelays {
  /** Of messages that were sent when their hint arrived. */
  readonly fromHints = new Distribution(BOUNDS_SECONDS);
  /** Of messages that were read from the database, because there was no hint or the client was behind. */
  readonly fromLog = new Distribution(BOUNDS_SECONDS);
  /** Messages that are written at the end of this turn of the event loop. */
  #waiting: WaitingDelay[] = [];
  #last: WaitingDelay | undefined;
  #lastText = '';
  #lastMs = NaN;

  /** A message of a hint was handed to sockets, which are written at the end of the turn. */
  onHinted(createdAt: string, sends: number): void {
    if (this.#last?.createdAt === createdAt) {
      this.#last.sends += sends; // messages of one commit often have the same time
    } else {
      this.#last = { createdAt, sends };
      this.#waiting.push(this.#last);
    }
  }

  /** A message of the log was written. */
  onRead(createdAt: string, nowMs: number): void {
    this.#add(this.fromLog, { createdAt, sends: 1 }, nowMs);
  }

  /** The turn has ended: everything was written. */
  onWritten(): void {
    if (this.#last === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#last = undefined;
    const nowMs = Date.now();
    for (const delay of waiting) this.#add(this.fromHints, delay, nowMs);
  }

  /** A time that is no date comes from a foreign program on the bus. */
  #add(delays: Distribution, { createdAt, sends }: WaitingDelay, nowMs: number): void {
    const delayMs = nowMs - this.#parse(createdAt);
    if (!Number.isNaN(delayMs)) delays.add(Math.max(delayMs, 0) / 1_000, sends);
  }

  #parse(createdAt: string): number {
    if (createdAt !== this.#lastText) {
      this.#lastText = createdAt;
      this.#lastMs = Date.parse(createdAt);
    }
    return this.#lastMs;
  }
}
