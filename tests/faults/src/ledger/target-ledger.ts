import type { DelayHistogram } from './delay-histogram.ts';
import type { Findings } from './findings.ts';
import { GrowingNumbers } from './growing-numbers.ts';
import { type BodyShape, messageBody } from './message-body.ts';

/** A message that is being sent to the API or the outbox. */
export interface Send {
  readonly number: number;
  /** The highest offset that was acknowledged when it was first sent. Its own offset must be higher. */
  readonly floor: number;
  /**
   * How many SQL transactions were committed when it was first sent. It must come after their messages too, whose
   * offsets nobody was told.
   */
  readonly commitsBefore: number;
  /** How often the log had been restored when it was first sent. */
  readonly lifetime: number;
}

/** A message and its offset. */
export type NumberedAck = readonly [number: number, offset: number];

const OPEN = 0;
const ACKED = 1;
const TAKEN_BACK = 2;
const UNCOMMITTED = 3;

export interface TargetLedgerOptions {
  readonly targetId: string;
  readonly findings: Findings;
  readonly shape: BodyShape;
  /** Delays from acknowledgement to delivery. */
  readonly deliveries: DelayHistogram;
}

/**
 * What is known about one target: the offset at which each message was acknowledged, and what anybody saw at each
 * offset.
 */
export class TargetLedger {
  readonly targetId: string;
  /** The highest offset that was acknowledged. */
  highestAcked = 0;
  issuedCount = 0;
  ackedCount = 0;
  /** Messages that were acknowledged, but are missing in the dump that was restored. */
  takenBackCount = 0;
  readonly #options: TargetLedgerOptions;
  #highestPlaced = 0;
  #lifetime = 0;
  readonly #outcomes = new GrowingNumbers();
  readonly #ackedAtMs = new GrowingNumbers();
  readonly #issuedAtMs = new GrowingNumbers();
  readonly #offsetOf = new GrowingNumbers();
  readonly #numberAt = new GrowingNumbers();
  readonly #commitsBefore = new GrowingNumbers();
  /** For each transaction, the numbers of its messages in the order of its calls. */
  readonly #commits: (readonly number[])[] = [];

  constructor(options: TargetLedgerOptions) {
    this.targetId = options.targetId;
    this.#options = options;
  }

  issue(): Send {
    this.issuedCount += 1;
    const [number, commitsBefore] = [this.issuedCount, this.#commits.length];
    this.#commitsBefore.set(number, commitsBefore);
    this.#issuedAtMs.set(number, Math.round(performance.now()));
    return { number, floor: this.highestAcked, commitsBefore, lifetime: this.#lifetime };
  }

  /** For an application's transaction. Nobody may see the message before `committing`. */
  issueUncommitted(): Send {
    const send = this.issue();
    this.#outcomes.set(send.number, UNCOMMITTED);
    return send;
  }

  /** Call this when COMMIT is sent: from now on the message may be seen. */
  committing({ number }: Send): void {
    this.#outcomes.set(number, OPEN);
  }

  /** COMMIT was answered: the transaction published these messages in this order. Nobody was told their offsets. */
  committed(sends: readonly Send[]): void {
    for (const { number } of sends) this.#acked(number);
    this.#commits.push(sends.map(({ number }) => number));
  }

  bodyOf(number: number): string {
    return messageBody(this.targetId, number, this.#options.shape);
  }

  /** The API answered that the message is stored at `offset`. */
  acknowledged({ number, floor, lifetime }: Send, offset: number): void {
    if (!Number.isSafeInteger(offset) || offset < 1) {
      this.#options.findings.add('corrupted', `${this.targetId}: acknowledged with offset ${offset}`);
      return;
    }
    if (lifetime === this.#lifetime && offset <= floor) {
      const text = `${this.targetId}: message ${number} got offset ${offset}, sent after ${floor} was acknowledged`;
      this.#options.findings.add('out of order', text);
    }
    this.#acked(number);
    this.place(number, offset, 'acknowledged');
    this.highestAcked = Math.max(this.highestAcked, offset);
  }

  /** Adds what the ledger of another process recorded. Only that process may publish to this target. */
  acknowledgedElsewhere(issuedCount: number, acks: readonly NumberedAck[]): void {
    this.issuedCount = issuedCount;
    for (const [number, offset] of acks) {
      this.#acked(number);
      this.place(number, offset, 'acknowledged');
      this.highestAcked = Math.max(this.highestAcked, offset);
    }
  }

  /** Everything that was acknowledged, to pass to a ledger of another process. */
  acks(): NumberedAck[] {
    const acks: NumberedAck[] = [];
    for (let number = 1; number <= this.issuedCount; number += 1) {
      if (this.isAcked(number)) acks.push([number, this.#offsetOf.get(number)]);
    }
    return acks;
  }

  /** Records that somebody saw this message at this offset. It must always be the same message. */
  place(number: number, offset: number, who: string): void {
    const other = this.#numberAt.get(offset);
    if (other === number) return;
    if (other !== 0) {
      const text = `${this.targetId}: at offset ${offset} stands ${number} (${who}), before it was ${other}`;
      this.#options.findings.add('contradicted', text);
      return;
    }
    const before = this.#offsetOf.get(number);
    if (before !== 0 && before !== offset) {
      const text = `${this.targetId}: message ${number} is at ${before} and at ${offset} (${who})`;
      this.#options.findings.add('stored twice', text);
    }
    if (this.#outcomes.get(number) === UNCOMMITTED) {
      this.#options.findings.add('uncommitted', `${this.targetId}: message ${number} at ${offset} (${who})`);
    }
    this.#numberAt.set(offset, number);
    this.#offsetOf.set(number, offset);
    this.#highestPlaced = Math.max(this.#highestPlaced, offset);
  }

  /** A reader received it. */
  delivered(number: number): void {
    const ackedAtMs = this.#ackedAtMs.get(number);
    this.#options.deliveries.add(ackedAtMs === 0 ? 0 : performance.now() - ackedAtMs);
  }

  /** The number of the message that is known to be at this offset; 0 if none is. */
  numberAt(offset: number): number {
    return this.#numberAt.get(offset);
  }

  /** The offset at which the message is known to be; 0 if it is unknown. */
  offsetOf(number: number): number {
    return this.#offsetOf.get(number);
  }

  issuedAtMs(number: number): number {
    return this.#issuedAtMs.get(number);
  }

  isAcked(number: number): boolean {
    return this.#outcomes.get(number) === ACKED;
  }

  /** The highest offset that anybody named. */
  get highestPlaced(): number {
    return this.#highestPlaced;
  }

  /**
   * Checks messages by SQL, after all rows are placed: all are in the log, in order, before messages that were sent
   * later.
   */
  judgeCommits(): void {
    const { findings } = this.#options;
    const highestAfter: number[] = [0]; // after this many transactions
    for (const numbers of this.#commits) {
      const offsets = numbers.map((number) => this.#offsetOf.get(number)).filter((offset) => offset > 0);
      const missing = numbers.length - offsets.length;
      findings.add(
        'lost',
        `${this.targetId}: committed by SQL and not in the log: ${numbers.join(', ')}`,
        missing,
      );
      if (offsets.some((offset, index) => offset < (offsets[index - 1] ?? 0))) {
        findings.add(
          'out of order',
          `${this.targetId}: one transaction's messages are at ${offsets.join(', ')}`,
        );
      }
      highestAfter.push(Math.max(highestAfter.at(-1) ?? 0, ...offsets));
    }
    for (let number = 1; number <= this.issuedCount; number += 1) {
      const offset = this.#offsetOf.get(number);
      const floor = highestAfter[this.#commitsBefore.get(number)] ?? 0;
      if (offset === 0 || offset > floor) continue;
      const text = `${this.targetId}: message ${number} is at ${offset}, and ${floor} was committed before it was sent`;
      findings.add('out of order', text);
    }
  }

  /** An older state of the log was restored: messages above `head` are gone, because the operator wanted it. */
  restoredTo(head: number): void {
    this.#lifetime += 1;
    for (let offset = head + 1; offset <= this.#highestPlaced; offset += 1) {
      const number = this.#numberAt.get(offset);
      if (number === 0) continue;
      this.#numberAt.set(offset, 0);
      this.#offsetOf.set(number, 0);
      if (this.#outcomes.get(number) === ACKED) {
        this.#outcomes.set(number, TAKEN_BACK);
        this.ackedCount -= 1;
        this.takenBackCount += 1;
      } else this.#outcomes.set(number, OPEN);
    }
    this.#highestPlaced = Math.min(this.#highestPlaced, head);
    this.highestAcked = Math.min(this.highestAcked, head);
  }

  #acked(number: number): void {
    if (this.#outcomes.get(number) !== ACKED) this.ackedCount += 1;
    this.#outcomes.set(number, ACKED);
    this.#ackedAtMs.set(number, Math.round(performance.now()));
  }
}
