const FAULTS_TOLD_MAX = 10;
const NUMBER_DIGITS = 10;

export interface FanOutLedgerOptions {
  readonly targetId: string;
  readonly connections: number;
  readonly messageBytes: number;
}

/**
 * Keeps account of messages that each go to the same many connections: each of them has to get every message once, in
 * the order in which they were sent. The first that gets a message has it read; all others must get the same bytes,
 * which is checked without reading them, as the generator is to be faster than what it measures.
 */
export class FanOutLedger {
  /** Called when a message has arrived everywhere. */
  onComplete: () => void = () => undefined;
  readonly #options: FanOutLedgerOptions;
  /** Messages that each connection has. */
  readonly #had: Uint32Array;
  /** By message. */
  readonly #sentAt: number[] = [];
  readonly #completeAt: number[] = [];
  readonly #arrivals: number[] = [];
  readonly #bytes: (Buffer | undefined)[] = [];
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

  /** Notes a message that is sent now, and gives the body of its request. */
  send(now: number): string {
    const number = this.#sentAt.length;
    this.#sentAt.push(now);
    this.#arrivals.push(0);
    return JSON.stringify({ message: this.#text(number), targetId: this.#options.targetId });
  }

  /** Notes a message that a connection was given; its bytes may be overwritten afterwards. */
  deliver(connection: number, bytes: Buffer, now: number): void {
    const number = this.#had[connection] ?? 0;
    this.#had[connection] = number + 1;
    const known = this.#bytes[number];
    if (known === undefined) {
      if (!bytes.includes(this.#text(number))) this.#wrong(connection, number, bytes);
      this.#bytes[number] = Buffer.from(bytes);
    } else if (!known.equals(bytes)) {
      this.#wrong(connection, number, bytes);
    }
    const arrivals = (this.#arrivals[number] ?? 0) + 1;
    this.#arrivals[number] = arrivals;
    if (arrivals < this.#options.connections) return;
    this.#completeAt[number] = now;
    this.#bytes[number] = undefined;
    this.#complete += 1;
    this.onComplete();
  }

  fault(what: string): void {
    if (this.#faults.length < FAULTS_TOLD_MAX) this.#faults.push(what);
  }

  /** Everything that was not as promised, what has not arrived until now included. */
  faults(): string[] {
    const missing = this.sent - this.#complete;
    return [...this.#faults, ...(missing > 0 ? [`${missing} messages did not arrive everywhere`] : [])];
  }

  /** From sending to the last arrival, of the messages from one number to another. */
  lastArrivalMs(from: number, to: number): number[] {
    return this.#completeAt.slice(from, to).map((at, index) => at - (this.#sentAt[from + index] ?? NaN));
  }

  #text(number: number): string {
    return String(number).padStart(NUMBER_DIGITS, '0').padEnd(this.#options.messageBytes, '.');
  }

  #wrong(connection: number, number: number, bytes: Buffer): void {
    this.fault(`in place of message ${number} connection ${connection} was given ${bytes.toString('utf8')}`);
  }
}
