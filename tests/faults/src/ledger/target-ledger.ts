import type { DelayHistogram } from './delay-histogram.ts';
import type { Findings } from './findings.ts';
import { GrowingNumbers } from './growing-numbers.ts';
import { type BodyShape, messageBody } from './message-body.ts';

/** One message on its way to the API. */
export interface Send {
  readonly number: number;
  /** The highest offset that had been acknowledged when it was first sent: its own must be above. */
  readonly floor: number;
  /** How often the log had been restored then. */
  readonly lifetime: number;
}

const OPEN = 0;
const ACKED = 1;
const ROLLED_BACK = 2;

export interface TargetLedgerOptions {
  readonly targetId: string;
  readonly findings: Findings;
  readonly shape: BodyShape;
  /** Delays from the acknowledgement to each delivery. */
  readonly deliveries: DelayHistogram;
}

/** What is known of one target: which message was acknowledged at which offset, and what anybody saw there. */
export class TargetLedger {
  readonly targetId: string;
  /** The highest offset that was acknowledged. */
  highestAcked = 0;
  issuedCount = 0;
  ackedCount = 0;
  rolledBackCount = 0;
  readonly #options: TargetLedgerOptions;
  #highestPlaced = 0;
  #lifetime = 0;
  readonly #outcomes = new GrowingNumbers();
  readonly #ackedAtMs = new GrowingNumbers();
  readonly #offsetOf = new GrowingNumbers();
  readonly #numberAt = new GrowingNumbers();

  constructor(options: TargetLedgerOptions) {
    this.targetId = options.targetId;
    this.#options = options;
  }

  issue(): Send {
    this.issuedCount += 1;
    return { number: this.issuedCount, floor: this.highestAcked, lifetime: this.#lifetime };
  }

  bodyOf(number: number): string {
    return messageBody(this.targetId, number, this.#options.shape);
  }

  /** The API said that it is stored at `offset`. */
  acknowledged({ number, floor, lifetime }: Send, offset: number): void {
    if (!Number.isSafeInteger(offset) || offset < 1) {
      this.#options.findings.add('corrupted', `${this.targetId}: acknowledged with offset ${offset}`);
      return;
    }
    if (lifetime === this.#lifetime && offset <= floor) {
      const text = `${this.targetId}: message ${number} got offset ${offset}, sent after ${floor} was acknowledged`;
      this.#options.findings.add('out of order', text);
    }
    if (this.#outcomes.get(number) !== ACKED) this.ackedCount += 1;
    this.#outcomes.set(number, ACKED);
    this.#ackedAtMs.set(number, Math.round(performance.now()));
    this.place(number, offset, 'acknowledged');
    this.highestAcked = Math.max(this.highestAcked, offset);
  }

  /** Somebody says that this message stands at this offset: it must always be the same one. */
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
    this.#numberAt.set(offset, number);
    this.#offsetOf.set(number, offset);
    this.#highestPlaced = Math.max(this.#highestPlaced, offset);
  }

  /** A reader has it. */
  delivered(number: number): void {
    const ackedAtMs = this.#ackedAtMs.get(number);
    this.#options.deliveries.add(ackedAtMs === 0 ? 0 : performance.now() - ackedAtMs);
  }

  /** The number of the message that is known to stand there, 0 where none is. */
  numberAt(offset: number): number {
    return this.#numberAt.get(offset);
  }

  isAcked(number: number): boolean {
    return this.#outcomes.get(number) === ACKED;
  }

  /** Offsets that anybody spoke of, up to the highest. */
  get highestPlaced(): number {
    return this.#highestPlaced;
  }

  /** An older state of the log was put back: whatever stood above `head` is gone, by the operator's will. */
  restoredTo(head: number): void {
    this.#lifetime += 1;
    for (let offset = head + 1; offset <= this.#highestPlaced; offset += 1) {
      const number = this.#numberAt.get(offset);
      if (number === 0) continue;
      this.#numberAt.set(offset, 0);
      this.#offsetOf.set(number, 0);
      if (this.#outcomes.get(number) === ACKED) {
        this.#outcomes.set(number, ROLLED_BACK);
        this.ackedCount -= 1;
        this.rolledBackCount += 1;
      } else this.#outcomes.set(number, OPEN);
    }
    this.#highestPlaced = Math.min(this.#highestPlaced, head);
    this.highestAcked = Math.min(this.highestAcked, head);
  }
}
