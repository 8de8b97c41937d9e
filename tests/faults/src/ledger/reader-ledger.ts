import type { Findings } from './findings.ts';
import { parseBody } from './message-body.ts';
import { OffsetSet } from './offset-set.ts';
import type { TargetLedger } from './target-ledger.ts';

/** The history that frames belong to, and whether it is being replaced at the moment. */
export interface LogHistory {
  epoch: string | undefined;
  isBeingRestored: boolean;
  /** If true, the first new epoch that any reader receives ends the replacement. */
  endsWithNextEpoch: boolean;
}

export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
}

/** What an `identified` frame says about the reader's target. */
export interface IdentifiedAs {
  readonly epoch: string;
  readonly offset: number;
  readonly head: number;
  readonly recovered: boolean;
}

/** The fields of a `new_message` frame that matter here. */
export interface DeliveredMessage {
  readonly targetId: string;
  readonly offset: number;
  readonly epoch: string;
  readonly data: string;
}

/** What a reader asks to resume from: its own cursor, or the ack that is stored for it. */
export type ResumeFrom = Cursor | 'last-ack' | undefined;

export interface ReaderLedgerOptions {
  readonly name: string;
  readonly target: TargetLedger;
  readonly findings: Findings;
  readonly history: LogHistory;
}

/** Compares what one reader received with what it should receive. The cursor moves when a message is processed. */
export class ReaderLedger {
  readonly name: string;
  readonly target: TargetLedger;
  receivedCount = 0;
  /** How often it was told that its cursor is invalid. */
  restartCount = 0;
  readonly #findings: Findings;
  readonly #history: LogHistory;
  readonly #received = new OffsetSet();
  /** Up to this offset, the restored log is the same as before. */
  #restoredHead: number | undefined;
  #start: number | undefined;
  #cursor: Cursor | undefined;
  /**
   * For a reader that resumes from its last ack: the ack must be between where it last began and what it last acked.
   */
  #lastStart = 0;
  #lastAck = 0;

  constructor({ name, target, findings, history }: ReaderLedgerOptions) {
    this.name = name;
    this.target = target;
    this.#findings = findings;
    this.#history = history;
  }

  /** What it resumes with; undefined before the first `identified`. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /**
   * Handles an `identified` frame. `sent` is what the reader asked to resume from. `ackedBefore` is what had been
   * acknowledged when it asked.
   */
  identified(as: IdentifiedAs, sent: ResumeFrom, ackedBefore: number): void {
    this.#history.epoch ??= as.epoch;
    if (this.#history.endsWithNextEpoch && as.epoch !== this.#history.epoch) this.#beginEpoch(as.epoch);
    if (!this.#history.isBeingRestored && as.epoch === this.#history.epoch) {
      this.#judgeStart(as, sent, ackedBefore);
    }
    if (!as.recovered) this.restartCount += 1;
    // Messages after the start of this stream are delivered again.
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

  /** Records a message of the current history, or of any history while an older state is being restored. */
  #take(frame: DeliveredMessage, body: ReturnType<typeof parseBody>): void {
    const { target } = this;
    if (this.#history.isBeingRestored) {
      // Delivered again while an older state is being restored: it counts if it belongs to that state.
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

  /** Acks all that it has received; undefined before the first `identified`. */
  ack(): number | undefined {
    if (this.#cursor === undefined) return undefined;
    // A relay that was cut off may store an earlier ack later. The highest one counts.
    this.#lastAck = Math.max(this.#lastAck, this.#cursor.offset);
    return this.#cursor.offset;
  }

  /** The relay says that messages up to `to` were deleted. That is wrong, because nothing here deletes messages. */
  truncated(from: number, to: number): void {
    if (this.#cursor === undefined || this.#history.isBeingRestored) return;
    this.#find('out of order', `told that ${from} to ${to} were deleted`);
    this.#cursor = { ...this.#cursor, offset: Math.max(to, this.#cursor.offset) };
  }

  /** The relay closed with a code that tells the client not to reconnect, or rejected an ack. */
  refused(what: string): void {
    this.#find('refused', what);
  }

  /** Everything up to this offset was received or skipped. */
  get position(): number {
    return this.#cursor?.epoch === this.#history.epoch ? (this.#cursor?.offset ?? -1) : -1;
  }

  /**
   * An older state of the log was restored. Offsets above `head` must be delivered again, perhaps with other messages.
   */
  restoredTo(head: number): void {
    this.#restoredHead = head;
    this.#received.deleteFrom(head + 1);
  }

  /**
   * Counts messages that were acknowledged and never arrived. Call it when everything has had enough time to arrive.
   */
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
    if (this.#start === undefined) return; // its baseline, perhaps from a connection that was cut off
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
