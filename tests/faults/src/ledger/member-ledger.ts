import type { Findings } from './findings.ts';
import type { TargetLedger } from './target-ledger.ts';

/** A period in which a client is a member of a group, from its join to its leave. */
export interface Spell {
  /** The offset after which its stream begins; undefined until an answer or a relay states it. */
  from: number | undefined;
  /** The highest offset that was acknowledged before the join was sent. The stream can't begin before it. */
  readonly ackedBefore: number;
  /** Messages that the transaction of the join published to the group, before and after the join. */
  readonly publishedBefore: number[];
  readonly publishedAfter: number[];
  /** The number of messages that were sent before the join was answered. All later ones are for this member. */
  issuedBefore: number;
  /** False if it is unknown whether the join took effect. */
  isCertain: boolean;
}

/** What is known about a membership at one moment. */
export interface MembershipView {
  /** Undefined while a change is under way, or if the outcome of one is unknown. */
  readonly spell: Spell | 'none' | undefined;
  /** If this number is the same at two moments, nothing changed in between. */
  readonly changes: number;
}

/**
 * One client's membership of one group: when the client was a member, and where each stream begins. Changes are made
 * one at a time, each after the answer to the previous one.
 */
export class MemberLedger {
  readonly group: TargetLedger;
  readonly clientId: string;
  readonly #findings: Findings;
  readonly #spells: Spell[] = [];
  #state: 'none' | 'joining' | 'member' | 'leaving' | 'unknown' = 'none';
  #changes = 0;
  #leftAtMs: number | undefined;

  constructor(group: TargetLedger, clientId: string, findings: Findings) {
    this.group = group;
    this.clientId = clientId;
    this.#findings = findings;
  }

  get name(): string {
    return `${this.clientId} in ${this.group.targetId}`;
  }

  get view(): MembershipView {
    const spell = { none: 'none', member: this.#spells.at(-1) } as const;
    return {
      spell: this.#state === 'none' || this.#state === 'member' ? spell[this.#state] : undefined,
      changes: this.#changes,
    };
  }

  /** Call this when a join is sent, by HTTP or in a transaction: from now on the client may be a member. */
  joining(publishedBefore: readonly number[] = []): Spell {
    this.#change('joining');
    const spell = {
      from: undefined,
      ackedBefore: this.group.highestAcked,
      publishedBefore: [...publishedBefore],
      publishedAfter: [],
      issuedBefore: Infinity,
      isCertain: true,
    };
    this.#spells.push(spell);
    return spell;
  }

  /** The join was answered with the offset after which the stream begins. */
  joined(from: number): void {
    const spell = this.#spells.at(-1);
    if (spell === undefined) throw new Error('nobody sent a join');
    this.#change('member');
    spell.issuedBefore = this.group.issuedCount;
    this.#learn(spell, from, 'the answer');
  }

  leaving(): void {
    this.#change('leaving');
  }

  left(): void {
    this.#change('none');
    this.#leftAtMs = performance.now();
  }

  /** A transaction was rolled back, so the change was never made. */
  rolledBack(): void {
    if (this.#state === 'joining') this.#spells.pop();
    this.#change(this.#state === 'leaving' ? 'member' : 'none');
  }

  /** It is unknown whether the last change was made. Nothing is checked until the client has certainly left. */
  cutOff(): void {
    const spell = this.#spells.at(-1);
    if (this.#state === 'joining' && spell !== undefined) spell.isCertain = false;
    this.#change('unknown');
  }

  /** A relay states that the stream of a spell begins here. It may be the latest spell or an earlier one. */
  beginsAfter(from: number, who: string): void {
    if (this.#spells.some((spell) => spell.from === from || !spell.isCertain)) return;
    const last = this.#spells.at(-1);
    if (last !== undefined && last.from === undefined) return this.#learn(last, from, who);
    const known = this.#spells.map((spell) => spell.from).join(', ');
    const text = `begins after ${from} (${who}), and its joins were at ${known}`;
    this.#findings.add('corrupted', `${this.name}: ${text}`);
  }

  /**
   * Checks a message that reached the client after it had left. It is a finding if the message was sent so late that
   * every relay should have known.
   */
  judgeLateFrame(number: number, boundMs: number): void {
    if (this.#state !== 'none' || this.#leftAtMs === undefined) return;
    const afterMs = this.group.issuedAtMs(number) - this.#leftAtMs;
    if (afterMs <= boundMs) return;
    this.#findings.add(
      'leaked',
      `${this.name}: message ${number} was sent ${Math.round(afterMs)} ms after it had left`,
    );
  }

  /**
   * Checks where streams begin, after all rows are placed: after the messages before the join, and before those after
   * it.
   */
  judgeStarts(): void {
    for (const spell of this.#spells) {
      const { from } = spell;
      if (from === undefined || !spell.isCertain) continue;
      const tooEarly = [
        spell.ackedBefore,
        ...spell.publishedBefore.map((number) => this.group.offsetOf(number)),
      ];
      if (Math.max(...tooEarly) > from) {
        const text = `begins after ${from}, and ${Math.max(...tooEarly)} was there before the join`;
        this.#findings.add('leaked', `${this.name}: ${text}`);
      }
      const later = [...spell.publishedAfter];
      for (let number = spell.issuedBefore + 1; number <= this.group.issuedCount; number += 1)
        later.push(number);
      const missed = later.find((number) => {
        const offset = this.group.offsetOf(number);
        return offset > 0 && offset <= from;
      });
      if (missed !== undefined) {
        const text = `begins after ${from}, and message ${missed} at ${this.group.offsetOf(missed)} came after the join`;
        this.#findings.add('lost', `${this.name}: ${text}`);
      }
    }
  }

  #learn(spell: Spell, from: number, who: string): void {
    if (spell.from !== undefined && spell.from !== from) {
      this.#findings.add(
        'contradicted',
        `${this.name}: begins after ${from} (${who}), before it was ${spell.from}`,
      );
    }
    spell.from ??= from;
  }

  #change(state: 'none' | 'joining' | 'member' | 'leaving' | 'unknown'): void {
    this.#state = state;
    this.#changes += 1;
  }
}
