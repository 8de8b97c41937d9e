import type { Findings } from './findings.ts';
import { parseBody } from './message-body.ts';
import { OffsetSet } from './offset-set.ts';
import type { TargetLedger } from './target-ledger.ts';

/** Which history of the logs the frames belong to, and whether it is being replaced at this moment. */
export interface LogHistory {
  epoch: string | undefined;
  isBeingRestored: boolean;
  /** The replacement ends with the first epoch that any reader receives. */
  endsWithNextEpoch: boolean;
}

export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
}

/** What an `identified` frame says of the reader's target. */
export interface IdentifiedAs {
  readonly epoch: string;
  readonly offset: number;
  readonly head: number;
  readonly recovered: boolean;
}

/** A `new_message` frame as far as it matters here. */
export interface DeliveredMessage {
  readonly targetId: string;
  readonly offset: number;
  readonly epoch: string;
  readonly data: string;
}

/** What a reader asks to go on from: what it remembers, or what its relay does. */
export type ResumeFrom = Cursor | 'last-ack' | undefined;

export interface ReaderLedgerOptions {
  readonly name: string;
  readonly target: TargetLedger;
  readonly findings: Findings;
  readonly history: LogHistory;
}

/** What one reader was given, held against what it had to be given. The cursor moves when a message is processed. */
export class ReaderLedger {
  readonly name: string;
  readonly target: TargetLedger;
  receivedCount = 0;
  /** How often it was told that its cursor is worth nothing. */
  restartCount = 0;
  readonly #findings: Findings;
  readonly #history: LogHistory;
  readonly #received = new OffsetSet();
  /** Up to here the log is what it was before an older state was put back. */
  #restoredHead: number | undefined;
  #start: number | undefined;
  #cursor: Cursor | undefined;
  /** Of a reader that resumes from its last ack: that must be between where it last began and what it last acked. */
  #lastStart = 0;
  #lastAck = 0;

  constructor({ name, target, findings, history }: ReaderLedgerOptions) {
    this.name = name;
    this.target = target;
    this.#findings = findings;
    this.#history = history;
  }

  /** What it resumes with; undefined before its first `identified`. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** `sent` is what it asked to resume from, `ackedBefore` what had been acknowledged when it asked. */
  identified(as: IdentifiedAs, sent: ResumeFrom, ackedBefore: number): void {
    this.#history.epoch ??= as.epoch;
    if (this.#history.endsWithNextEpoch && as.epoch !== this.#history.epoch) this.#beginEpoch(as.epoch);
    if (!this.#history.isBeingRestored && as.epoch === this.#history.epoch) {
      this.#judgeStart(as, sent, ackedBefore);
    }
    if (!as.recovered) this.restartCount += 1;
    // What came after the start of this stream is to come again.
    if (!as.recovered || sent === 'last-ack') this.#received.deleteFrom(as.offset + 1);
    this.#lastStart = as.offset;
    this.#lastAck = Math.max(this.#lastAck, as.offset);
    this.#start ??= as.offset;
    this.#start = Math.min(this.#start, as.offset);
    this.#cursor = { epoch: as.epoch, offset: as.offset };
  }

  message(frame: DeliveredMessage): void {
    this.receivedCount += 1;
    const { target } = this;
    if (frame.targetId !== target.targetId) return this.#find('leaked', `a frame of ${frame.targetId}`);
    const body = parseBody(frame.data);
    if (body !== undefined && body.targetId !== target.targetId) {
      return this.#find('leaked', `a message to ${body.targetId}`);
    }
    if (frame.epoch !== this.#cursor?.epoch) this.#find('corrupted', `a frame of epoch ${frame.epoch}`);
    const { epoch, isBeingRestored } = this.#history;
    if (isBeingRestored || frame.epoch === epoch) this.#take(frame, body);
    this.#cursor = { epoch: frame.epoch, offset: Math.max(frame.offset, this.#cursor?.offset ?? 0) };
  }

  #beginEpoch(epoch: string): void {
    this.#history.epoch = epoch;
    this.#history.isBeingRestored = false;
    this.#history.endsWithNextEpoch = false;
  }

  /** A message of the history that counts, or of any that was the current one while an older state was put back. */
  #take(frame: DeliveredMessage, body: ReturnType<typeof parseBody>): void {
    const { target } = this;
    if (this.#history.isBeingRestored) {
      // Given again while an older state was put back: it counts as far as it is a part of that.
      if (frame.offset <= (this.#restoredHead ?? Infinity)) this.#received.add(frame.offset);
      return;
    }
    if (body === undefined || frame.data !== target.bodyOf(body.number)) {
      this.#find('corrupted', `offset ${frame.offset}: ${frame.data.slice(0, 80)}`);
    } else {
      target.place(body.number, frame.offset, this.name);
      target.delivered(body.number);
    }
    this.#judgeOffset(frame.offset);
    this.#received.add(frame.offset);
  }

  /** It acks all it has been given; undefined before its first `identified`. */
  ack(): number | undefined {
    if (this.#cursor === undefined) return undefined;
    // An ack that was given before may be stored late, by a relay that was cut off: the highest one counts.
    this.#lastAck = Math.max(this.#lastAck, this.#cursor.offset);
    return this.#cursor.offset;
  }

  /** The relay says that messages up to `to` were deleted: nothing here ever deletes any. */
  truncated(from: number, to: number): void {
    if (this.#cursor === undefined || this.#history.isBeingRestored) return;
    this.#find('out of order', `told that ${from} to ${to} were deleted`);
    this.#cursor = { ...this.#cursor, offset: Math.max(to, this.#cursor.offset) };
  }

  /** The relay closed with a code that tells a client to stay away, or didn't take an ack. */
  refused(what: string): void {
    this.#find('refused', what);
  }

  /** Up to this offset everything has come or was jumped over. */
  get position(): number {
    return this.#cursor?.epoch === this.#history.epoch ? (this.#cursor?.offset ?? -1) : -1;
  }

  /** An older state of the log was put back: whatever it had above `head` it is to be given again, or something else. */
  restoredTo(head: number): void {
    this.#restoredHead = head;
    this.#received.deleteFrom(head + 1);
  }

  /** Counts what was acknowledged and never came. Called when there has been time enough. */
  judgeLost(): void {
    let lost = 0;
    let first: number | undefined;
    for (let offset = (this.#start ?? 0) + 1; offset <= this.target.highestPlaced; offset += 1) {
      if (this.#received.has(offset) || !this.target.isAcked(this.target.numberAt(offset))) continue;
      lost += 1;
      first ??= offset;
    }
    this.#findings.add(
      'lost',
      `${this.name}: ${lost} from offset ${first} on (cursor ${this.position})`,
      lost,
    );
  }

  #judgeStart(as: IdentifiedAs, sent: ResumeFrom, ackedBefore: number): void {
    const { epoch, offset, head, recovered } = as;
    if (head < ackedBefore) this.#find('stale head', `${head}, and ${ackedBefore} was acknowledged`);
    if (sent === undefined) return;
    if (sent === 'last-ack') return this.#judgeLastAck(as);
    if (!recovered && sent.epoch === epoch) this.#find('restarted', `from ${sent.offset} to ${offset}`);
    const isRight = recovered ? offset === sent.offset : offset <= sent.offset;
    if (!isRight) this.#find('corrupted', `resumed after ${sent.offset}, goes on after ${offset}`);
  }

  #judgeLastAck({ offset, recovered }: IdentifiedAs): void {
    if (!recovered) this.#find('restarted', `from its last ack to ${offset}`);
    if (this.#start === undefined) return; // the head that it found, or would have been told of if it had not been cut off
    if (offset < this.#lastStart || offset > this.#lastAck) {
      const known = `began at ${this.#lastStart}, acked ${this.#lastAck}`;
      this.#find('corrupted', `goes on after ${offset} as its last ack: ${known}`);
    }
  }

  #judgeOffset(offset: number): void {
    const expected = (this.#cursor?.offset ?? 0) + 1;
    if (this.#received.has(offset)) this.#find('repeated', `offset ${offset} again, ${expected} comes next`);
    else if (offset !== expected) this.#find('out of order', `offset ${offset} instead of ${expected}`);
  }

  #find(finding: Parameters<Findings['add']>[0], text: string): void {
    this.#findings.add(finding, `${this.name}: ${text}`);
  }
}
