import { sort } from '../measure/statistics.ts';

/** As many as fit on a screen; the rest is counted. */
const FAULTS_TOLD_MAX = 10;

const NUMBER_DIGITS = 10;

/** A `new_message` frame, unchecked. */
export interface ReceivedMessage {
  readonly targetId?: unknown;
  readonly offset?: unknown;
  readonly data?: unknown;
}

/** One message of an answer, unchecked. */
interface Answer {
  readonly targetId?: unknown;
  readonly offset?: unknown;
  readonly status?: unknown;
}

export interface LedgerOptions {
  /** Ids of the recipients; each has one connection. */
  readonly recipients: readonly string[];
  readonly messageBytes: number;
  /** False for a system whose messages have none: then only recipients, texts and counts are checked. */
  readonly hasOffsets: boolean;
  /** Begins each text, so that messages of an earlier run are recognised. */
  readonly label: string;
}

/**
 * Records every message: sent, accepted, delivered. Any broken promise is a fault: a wrong recipient, an offset that is
 * not the next one, a message that was lost, repeated or changed, or whose offset differs from the publisher's answer.
 */
export class DeliveryLedger {
  readonly #recipients: readonly string[];
  readonly #label: string;
  readonly #hasOffsets: boolean;
  readonly #padding: string;
  readonly #lastOffsets: number[];
  /** By message number, from here on. */
  readonly #recipientOf: number[] = [];
  readonly #sentAt: number[] = [];
  readonly #answeredAt: number[] = [];
  readonly #deliveredAt: number[] = [];
  readonly #hintedAt: number[] = [];
  readonly #acceptedOffset: number[] = [];
  readonly #deliveredOffset: number[] = [];
  readonly #faults: string[] = [];
  #faultCount = 0;
  #accepted = 0;
  #delivered = 0;
  #answered = 0;
  #storedOnly = 0;

  constructor({ recipients, messageBytes, hasOffsets, label }: LedgerOptions) {
    this.#hasOffsets = hasOffsets;
    this.#recipients = recipients;
    this.#label = label;
    this.#padding = '.'.repeat(messageBytes - label.length - NUMBER_DIGITS);
    this.#lastOffsets = recipients.map(() => 0);
  }

  get recipientCount(): number {
    return this.#recipients.length;
  }

  get sent(): number {
    return this.#sentAt.length;
  }

  get accepted(): number {
    return this.#accepted;
  }

  get delivered(): number {
    return this.#delivered;
  }

  /** Messages answered `stored`: their hint was not published in time. */
  get storedOnly(): number {
    return this.#storedOnly;
  }

  /** True when every request was answered and every accepted message has arrived. */
  get isSettled(): boolean {
    return this.#answered === this.sent && this.#delivered >= this.#accepted;
  }

  /** Sets where a recipient's stream continues. */
  startStream(recipient: number, offset: number): void {
    this.#lastOffsets[recipient] = offset;
  }

  /** Records a message that is sent now, and returns the body of its request. */
  send(recipient: number, now: number): { readonly number: number; readonly body: string } {
    const number = this.#sentAt.length;
    this.#recipientOf.push(recipient);
    this.#sentAt.push(now);
    this.#answeredAt.push(NaN);
    this.#deliveredAt.push(NaN);
    this.#acceptedOffset.push(NaN);
    this.#deliveredOffset.push(NaN);
    const targetId = this.#recipients[recipient] ?? '';
    return { number, body: `{"message":"${this.#text(number)}","targetId":"${targetId}"}` };
  }

  /** Records the answer to a request with one message or several. */
  answer(numbers: readonly number[], status: number, body: string): void {
    this.#answered += numbers.length;
    const now = performance.now();
    for (const number of numbers) this.#answeredAt[number] = now;
    if (status !== 201) {
      const last = numbers.length > 1 ? ` to ${numbers.at(-1)}` : '';
      this.fault(`messages ${numbers[0]}${last} were answered ${status}: ${body.slice(0, 200)}`);
      return;
    }
    const answer = JSON.parse(body) as Answer & { readonly messages?: readonly Answer[] };
    const answers = answer.messages ?? [answer];
    for (const [index, number] of numbers.entries()) this.#accept(number, answers[index] ?? {});
  }

  #accept(number: number, answer: Answer): void {
    this.#accepted += 1;
    if (answer.status === 'stored') this.#storedOnly += 1;
    const isRight = answer.targetId === this.#recipients[this.#recipientOf[number] ?? -1];
    if (!isRight || (this.#hasOffsets && typeof answer.offset !== 'number')) {
      this.fault(`message ${number} was answered ${JSON.stringify(answer)}`);
    } else if (typeof answer.offset === 'number') {
      this.#acceptedOffset[number] = answer.offset;
      this.#compareOffsets(number);
    }
  }

  /** Records a message that arrived on a recipient's connection. */
  deliver(recipient: number, { targetId, offset, data }: ReceivedMessage, now: number): void {
    const id = this.#recipients[recipient] ?? '';
    if (targetId !== id) this.fault(`${id} got a message for ${String(targetId)}`);
    const expected = (this.#lastOffsets[recipient] ?? NaN) + 1;
    if (this.#hasOffsets && offset !== expected)
      this.fault(`${id} got offset ${String(offset)} in place of ${expected}`);
    this.#lastOffsets[recipient] = typeof offset === 'number' ? offset : expected;

    const number = this.#numberIn(data);
    if (number === undefined) {
      this.fault(`${id} got a message that was never sent: ${String(data)}`);
    } else if (this.#recipientOf[number] !== recipient) {
      this.fault(`${id} got message ${number} of another recipient`);
    } else if (!Number.isNaN(this.#deliveredAt[number])) {
      this.fault(`${id} got message ${number} again`);
    } else {
      this.#deliveredAt[number] = now;
      this.#deliveredOffset[number] = expected;
      this.#delivered += 1;
      this.#compareOffsets(number);
    }
  }

  /** Records the hint of a message; the message itself may arrive earlier. */
  hint(data: unknown, now: number): void {
    const number = this.#numberIn(data);
    if (number !== undefined) this.#hintedAt[number] = now;
  }

  /** Records any other fault, which makes the run invalid. */
  fault(what: string): void {
    this.#faultCount += 1;
    if (this.#faults.length < FAULTS_TOLD_MAX) this.#faults.push(what);
  }

  /** All faults, including the messages that have not arrived yet. */
  faults(): string[] {
    const missing = this.#accepted - this.#delivered;
    return [
      ...this.#faults,
      ...(this.#faultCount > this.#faults.length ? [`… ${this.#faultCount} faults in all`] : []),
      ...(this.#answered < this.sent ? [`${this.sent - this.#answered} requests were not answered`] : []),
      ...(missing > 0 ? [`${missing} accepted messages did not arrive`] : []),
    ];
  }

  /** Latencies in milliseconds of the messages that were sent between two moments, sorted. */
  latencies(
    from: number,
    to: number,
  ): Readonly<Record<'arrivalMs' | 'answerMs' | 'sendToHintMs' | 'hintToArrivalMs', Float64Array>> {
    const between = (starts: readonly number[], ends: readonly number[]) =>
      sort(
        this.#sentAt.flatMap((sentAt, number) => {
          const milliseconds = (ends[number] ?? NaN) - (starts[number] ?? NaN);
          return sentAt >= from && sentAt < to && !Number.isNaN(milliseconds) ? [milliseconds] : [];
        }),
      );
    return {
      arrivalMs: between(this.#sentAt, this.#deliveredAt),
      answerMs: between(this.#sentAt, this.#answeredAt),
      sendToHintMs: between(this.#sentAt, this.#hintedAt),
      hintToArrivalMs: between(this.#hintedAt, this.#deliveredAt),
    };
  }

  /** From sending to arrival, in milliseconds, of the messages with these numbers: `to` is not one of them. Sorted. */
  arrivalMs(from: number, to: number): Float64Array {
    const milliseconds = this.#sentAt
      .slice(from, to)
      .map((sentAt, index) => (this.#deliveredAt[from + index] ?? NaN) - sentAt);
    return sort(milliseconds.filter((value) => !Number.isNaN(value)));
  }

  #text(number: number): string {
    return this.#label + String(number).padStart(NUMBER_DIGITS, '0') + this.#padding;
  }

  #numberIn(data: unknown): number | undefined {
    if (typeof data !== 'string') return undefined;
    const number = Number(data.slice(this.#label.length, this.#label.length + NUMBER_DIGITS));
    return number < this.sent && data === this.#text(number) ? number : undefined;
  }

  #compareOffsets(number: number): void {
    const accepted = this.#acceptedOffset[number] ?? NaN;
    const delivered = this.#deliveredOffset[number] ?? NaN;
    if (Number.isNaN(accepted) || Number.isNaN(delivered) || accepted === delivered) return;
    this.fault(`message ${number} was accepted as offset ${accepted} and delivered as ${delivered}`);
  }
}
