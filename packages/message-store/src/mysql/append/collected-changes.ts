import type { MembersChange, MembersChanged, MembersOutcome } from '../../member-store.ts';
import type { MovedMessages } from '../../outbox.ts';
import type { AppendResult } from './write-append.ts';

const CONTENDED = { kind: 'contended' } as const;

/** Collects the outcomes of one call's changes over its attempts. */
export class CollectedChanges {
  readonly #changes: readonly MembersChange[];
  readonly #outcomes = new Map<MembersChange, MembersOutcome>();
  readonly #moved: MovedMessages[] = [];
  #position: number | undefined;

  constructor(changes: readonly MembersChange[]) {
    this.#changes = changes;
  }

  /** The changes that are still contended. */
  get pending(): readonly MembersChange[] {
    return this.#changes.filter((change) => this.#outcomeOf(change).kind === 'contended');
  }

  /** Adds the result of an attempt at all pending changes. */
  add(result: AppendResult): void {
    const outcomes = result.members.outcomes.values();
    for (const change of this.pending) this.#outcomes.set(change, outcomes.next().value ?? CONTENDED);
    this.#position = result.members.rows.at(-1)?.position ?? this.#position;
    const moved = movedOf(result);
    if (moved !== undefined) this.#moved.push(moved);
  }

  changed(): MembersChanged {
    const outcomes = this.#changes.map((change) => this.#outcomeOf(change));
    return { outcomes, position: this.#position, moved: this.#moved };
  }

  #outcomeOf(change: MembersChange): MembersOutcome {
    return this.#outcomes.get(change) ?? CONTENDED;
  }
}

/** The rows that were moved out of the outbox; undefined if there are none. */
export function movedOf({ epoch, moved, members, lastMovedTarget }: AppendResult): MovedMessages | undefined {
  if (lastMovedTarget === undefined) return undefined;
  const { rows, refusedJoins } = members;
  return { epoch, messages: moved, membersPosition: rows.at(-1)?.position, refusedJoins };
}
