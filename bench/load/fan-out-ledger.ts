import { encodeServerFrame, OPCODES } from './frame-decoder.ts';

const FAULTS_TOLD_MAX = 10;
const NUMBER_DIGITS = 10;
/** The number of a message in its text. */
const MESSAGE_NUMBER = /"(\d{10})\./;

export interface FanOutLedgerOptions {
  readonly targetId: string;
  readonly connections: number;
  readonly messageBytes: number;
  /** Milliseconds; `performance.now` but for tests. */
  readonly now?: () => number;
}

/**
 * Records messages that each go to the same connections: every connection must get every message once, in the same
 * order. Only the first copy of a message is parsed; all others must have the same bytes, which is cheap to compare, so
 * the generator is faster than the system it measures.
 */
export class FanOutLedger {
  /** Called when a message has arrived everywhere. */
  onComplete: () => void = () => undefined;
  readonly #options: FanOutLedgerOptions;
  /** Messages that each connection has. */
  readonly #had: Uint32Array;
  /** By message. */
  readonly #sentAt: number[] = [];
  /** By place in the order of delivery: messages that are sent together may be stored in either order. */
  readonly #numbers: number[] = [];
  readonly #completeAt: number[] = [];
  readonly #arrivals: number[] = [];
  /** The bytes that all other connections must get, while the message is on its way. */
  readonly #frames: (Buffer | undefined)[] = [];
  readonly #faults: string[] = [];
  #complete = 0;

  constructor(options: FanOutLedgerOptions) {
    this.#options = options;
    this.#had = new Uint32Array(options.connections);
  }

  get sent(): number {
    return this.#sentAt.length;
  }

  /** Messages that have arrived everywhere. */
  get complete(): number {
    return this.#complete;
  }

  get isSettled(): boolean {
    return this.#complete === this.sent;
  }

  /** Records a message that is sent now, and returns the body of its request. */
  send(now: number): string {
    const number = this.#sentAt.length;
    this.#sentAt.push(now);
    return JSON.stringify({ message: this.#text(number), targetId: this.#options.targetId });
  }

  /**
   * Records the messages of frames at the beginning of the buffer, as long as each is the expected next one and was
   * parsed before. Returns where they end; at most `end`.
   */
  takeKnown(connection: number, buffer: Buffer, end: number): number {
    for (let at = 0; ; ) {
      const place = this.#had[connection] ?? 0;
      const frame = this.#frames[place];
      if (frame === undefined) return at;
      const frameEnd = at + frame.length;
      if (frameEnd > end || buffer.compare(frame, 0, frame.length, at, frameEnd) !== 0) return at;
      this.#arrived(connection, place);
      at = frameEnd;
    }
  }

  /** Records any other message by the text of its frame, which may be overwritten afterwards. */
  deliver(connection: number, text: Buffer): void {
    const place = this.#had[connection] ?? 0;
    const frame = encodeServerFrame(OPCODES.text, text);
    const known = this.#frames[place];
    const isRight = known === undefined ? this.#isNew(place, text) : known.equals(frame);
    if (!isRight) this.#wrong(connection, place, text);
    this.#frames[place] ??= frame;
    this.#arrived(connection, place);
  }

  fault(what: string): void {
    if (this.#faults.length < FAULTS_TOLD_MAX) this.#faults.push(what);
  }

  /** All faults, including the messages that have not arrived yet. */
  faults(): string[] {
    const missing = this.sent - this.#complete;
    return [...this.#faults, ...(missing > 0 ? [`${missing} messages did not arrive everywhere`] : [])];
  }

  /** From sending to the last arrival, of the messages from one place to another. */
  lastArrivalMs(from: number, to: number): number[] {
    return this.#completeAt
      .slice(from, to)
      .map((at, index) => at - (this.#sentAt[this.#numbers[from + index] ?? NaN] ?? NaN));
  }

  /** Parses the number of the message, which must have been sent and have no place yet. */
  #isNew(place: number, text: Buffer): boolean {
    const number = Number(MESSAGE_NUMBER.exec(text.toString('latin1'))?.[1] ?? NaN);
    const isRight =
      number < this.sent && text.includes(this.#text(number)) && !this.#numbers.includes(number);
    this.#numbers[place] ??= number;
    return isRight;
  }

  #arrived(connection: number, place: number): void {
    this.#had[connection] = place + 1;
    const arrivals = (this.#arrivals[place] ?? 0) + 1;
    this.#arrivals[place] = arrivals;
    if (arrivals < this.#options.connections) return;
    this.#completeAt[place] = (this.#options.now ?? performance.now.bind(performance))();
    this.#frames[place] = undefined;
    this.#complete += 1;
    this.onComplete();
  }

  #text(number: number): string {
    return String(number).padStart(NUMBER_DIGITS, '0').padEnd(this.#options.messageBytes, '.');
  }

  #wrong(connection: number, place: number, bytes: Buffer): void {
    this.fault(`in place ${place} connection ${connection} got ${bytes.toString('utf8')}`);
  }
}
