import type { AppendedMessage, AppendOutcome, AppendRequest, NewMessage } from '../message-store.ts';
import type { StoredMessage } from '../stored-message.ts';

/** A row to insert; only its id and its time are not known yet. */
export interface PlannedRow {
  readonly publisher: string;
  readonly targetId: string;
  readonly offset: number;
  readonly message: string;
  readonly idempotencyKey: string | undefined;
}

/** What one message of a request becomes: a new row, or a row that was stored before. */
type PlannedMessage =
  | { readonly kind: 'row'; readonly rowIndex: number; readonly replayed: boolean }
  | { readonly kind: 'stored'; readonly stored: StoredMessage };

type PlannedRequest =
  | { readonly kind: 'append'; readonly messages: readonly PlannedMessage[] }
  | { readonly kind: 'idempotency-key-reused'; readonly index: number };

export interface AppendPlan {
  readonly requests: readonly PlannedRequest[];
  /** In request order, so each target's offsets are contiguous. */
  readonly rows: readonly PlannedRow[];
  /** How many rows each target gets. A target whose messages are all replays or refused may be missing, or have 0. */
  readonly rowsByTarget: ReadonlyMap<string, number>;
}

export interface AppendFacts {
  readonly requests: readonly AppendRequest[];
  /** Each target's head before this append. */
  readonly headBefore: (targetId: string) => number;
  /** The rows that are stored under idempotency keys, by `keyOf`. */
  readonly storedByKey: ReadonlyMap<string, StoredMessage>;
}

/** Joins a publisher and its key into one text. Keys are visible ASCII, so they contain no space. */
export function keyOf(publisher: string, idempotencyKey: string): string {
  return `${idempotencyKey} ${publisher}`;
}

/** Counts the messages for each target in these requests, including replays. */
export function countByTarget(requests: readonly AppendRequest[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const request of requests) {
    for (const { targetId } of request.messages) counts.set(targetId, (counts.get(targetId) ?? 0) + 1);
  }
  return counts;
}

/**
 * Decides what each message becomes: a new row with the next offset of its target, a replay, or a conflict that refuses
 * its whole request. A key that occurs twice within one append is treated like a stored key.
 */
export function planAppend(facts: AppendFacts): AppendPlan {
  const draft = new PlanDraft(facts);
  const requests = facts.requests.map((request) => draft.add(request));
  return { requests, rows: draft.rows, rowsByTarget: draft.rowsByTarget };
}

/** Combines rows with the ids under which they were stored, in the same order. */
export function storedRows(
  rows: readonly PlannedRow[],
  written: { readonly ids: readonly string[]; readonly createdAt: string },
): readonly StoredMessage[] {
  return rows.map(({ targetId, offset, message }, index) => {
    const id = written.ids[index];
    if (id === undefined) throw new RangeError(`row ${index} of ${rows.length} has no id`);
    return { id, targetId, offset, message, createdAt: written.createdAt };
  });
}

/** The outcomes of a plan after its rows were stored; `ids` are those of `plan.rows`. */
export function planOutcomes(
  plan: AppendPlan,
  written: { readonly ids: readonly string[]; readonly createdAt: string; readonly epoch: string },
): AppendOutcome[] {
  const stored = storedRows(plan.rows, written);
  const rowAt = (index: number): StoredMessage => {
    const row = stored[index];
    if (row === undefined) throw new RangeError(`there is no row ${index}`);
    return row;
  };
  return plan.requests.map((request) => {
    if (request.kind !== 'append') return request;
    const messages = request.messages.map((message) =>
      message.kind === 'row'
        ? appended(rowAt(message.rowIndex), message.replayed)
        : appended(message.stored, true),
    );
    return { kind: 'appended', epoch: written.epoch, messages };
  });
}

/** Lists the fields, because the engine handles objects that were copied with a spread more slowly. */
function appended(stored: StoredMessage, replayed: boolean): AppendedMessage {
  const { id, targetId, offset, message, createdAt } = stored;
  return { id, targetId, offset, message, createdAt, replayed };
}

/** The plan while it grows request by request. */
class PlanDraft {
  readonly rows: PlannedRow[] = [];
  readonly rowsByTarget = new Map<string, number>();
  readonly #facts: AppendFacts;
  /** Rows of this plan by their key. */
  readonly #rowIndexByKey = new Map<string, number>();

  constructor(facts: AppendFacts) {
    this.#facts = facts;
  }

  add(request: AppendRequest): PlannedRequest {
    const rowsBefore = this.rows.length;
    const messages: PlannedMessage[] = [];
    for (const [index, message] of request.messages.entries()) {
      const known = this.#knownUnderKey(request.publisher, message);
      if (known === 'conflict') {
        this.#takeBack(rowsBefore);
        return { kind: 'idempotency-key-reused', index };
      }
      messages.push(known ?? this.#newRow(request.publisher, message));
    }
    return { kind: 'append', messages };
  }

  #knownUnderKey(publisher: string, message: NewMessage): PlannedMessage | 'conflict' | undefined {
    if (message.idempotencyKey === undefined) return undefined;
    const key = keyOf(publisher, message.idempotencyKey);
    const stored = this.#facts.storedByKey.get(key);
    if (stored !== undefined) return isSame(stored, message) ? { kind: 'stored', stored } : 'conflict';
    const rowIndex = this.#rowIndexByKey.get(key);
    const row = rowIndex === undefined ? undefined : this.rows[rowIndex];
    if (rowIndex === undefined || row === undefined) return undefined;
    return isSame(row, message) ? { kind: 'row', rowIndex, replayed: true } : 'conflict';
  }

  #newRow(publisher: string, { targetId, message, idempotencyKey }: NewMessage): PlannedMessage {
    const count = (this.rowsByTarget.get(targetId) ?? 0) + 1;
    this.rowsByTarget.set(targetId, count);
    const offset = this.#facts.headBefore(targetId) + count;
    const rowIndex = this.rows.push({ publisher, targetId, offset, message, idempotencyKey }) - 1;
    if (idempotencyKey !== undefined) this.#rowIndexByKey.set(keyOf(publisher, idempotencyKey), rowIndex);
    return { kind: 'row', rowIndex, replayed: false };
  }

  /** Frees the offsets of a refused request for the messages that follow. */
  #takeBack(rowsBefore: number): void {
    for (const row of this.rows.splice(rowsBefore)) {
      this.rowsByTarget.set(row.targetId, (this.rowsByTarget.get(row.targetId) ?? 0) - 1);
      if (row.idempotencyKey !== undefined) {
        this.#rowIndexByKey.delete(keyOf(row.publisher, row.idempotencyKey));
      }
    }
  }
}

function isSame(
  stored: { readonly targetId: string; readonly message: string },
  message: NewMessage,
): boolean {
  return stored.targetId === message.targetId && stored.message === message.message;
}
