import {
  MEMBERS_PER_CHANGE_MAX,
  type MembersChange,
  type MembersChanged,
  type MembersOutcome,
  type MemberStore,
  StoreUnavailableError,
} from '@postline/message-store';
import { DeadlineError, LinkedList, type ListEntry, withDeadline } from '@postline/service-runtime';

/** Calls of the store at once: a held group delays only one of them. The store has four connections that write. */
const CALLS_MAX = 2;
/** Client ids without an outcome, those in flight included: some ten calls, which take about a second. */
const WAITING_IDS_MAX = 10 * MEMBERS_PER_CHANGE_MAX;

/** The outcome of one change: the store's answer, or why there was none. */
export type MemberCommitOutcome =
  | Exclude<MembersOutcome, { kind: 'contended' }>
  /** Too many changes are waiting. Nothing of the change was stored. */
  | { readonly kind: 'overloaded' }
  /** The database did not answer in time. The change may have been stored; repeating it is safe. */
  | { readonly kind: 'store-unavailable' };

/** Changes members of a group. Rejects only for a programmer's error. */
export type ChangeMembers = (change: MembersChange) => Promise<MemberCommitOutcome>;

export interface MemberCommitOptions {
  readonly store: Pick<MemberStore, 'changeMembers'>;
  /** Milliseconds from the arrival of a change to its outcome. */
  readonly deadlineMs: number;
  /** Reports each successful call of the store, after its commit. */
  readonly onChanged: (changed: MembersChanged) => void;
  /** Reports each failed call of the store. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Lets concurrent changes of members share a transaction: changes that arrive while calls are in flight wait, and go
 * together. The changes of one group keep their order: only one call at a time contains any.
 */
export class MemberCommit {
  readonly #options: MemberCommitOptions;
  readonly #waiting = new LinkedList<PendingChange>();
  readonly #groupsInFlight = new Set<string>();
  #idCount = 0;
  #callCount = 0;

  constructor(options: MemberCommitOptions) {
    this.#options = options;
  }

  async change(change: MembersChange): Promise<MemberCommitOutcome> {
    const pending = new PendingChange(change);
    const { idCount } = pending;
    if (this.#idCount > 0 && this.#idCount + idCount > WAITING_IDS_MAX) return { kind: 'overloaded' };
    pending.entry = this.#waiting.add(pending);
    this.#idCount += idCount;
    this.#callStore();
    try {
      return await withDeadline(pending.outcome, {
        what: 'changing members',
        milliseconds: this.#options.deadlineMs,
        onExpired: () => {
          if (this.#takeOut(pending)) this.#idCount -= idCount;
        },
      });
    } catch (error) {
      if (error instanceof DeadlineError) return { kind: 'store-unavailable' };
      throw error;
    }
  }

  #callStore(): void {
    while (this.#callCount < CALLS_MAX) {
      const batch = this.#takeBatch();
      if (batch.length === 0) return;
      void this.#commit(batch);
    }
  }

  /** The next changes that fit into one call, oldest first, without those of groups that are in flight. */
  #takeBatch(): readonly PendingChange[] {
    const batch: PendingChange[] = [];
    let idCount = 0;
    for (const pending of this.#waiting) {
      if (this.#groupsInFlight.has(pending.change.groupName)) continue;
      idCount += pending.idCount;
      if (batch.length > 0 && idCount > MEMBERS_PER_CHANGE_MAX) break;
      batch.push(pending);
      this.#takeOut(pending);
    }
    return batch;
  }

  /** False if the change is not waiting any more. */
  #takeOut({ entry }: PendingChange): boolean {
    return entry !== undefined && this.#waiting.remove(entry);
  }

  async #commit(batch: readonly PendingChange[]): Promise<void> {
    const { store, onChanged, onError } = this.#options;
    const groupNames = new Set(batch.map(({ change }) => change.groupName));
    this.#callCount += 1;
    for (const name of groupNames) this.#groupsInFlight.add(name);
    try {
      const changed = await store.changeMembers(batch.map(({ change }) => change));
      onChanged(changed);
      for (const [index, pending] of batch.entries()) pending.resolve(outcomeOf(changed.outcomes[index]));
    } catch (error) {
      onError?.(error);
      const isUnavailable = error instanceof StoreUnavailableError;
      for (const pending of batch) {
        if (isUnavailable) pending.resolve({ kind: 'store-unavailable' });
        else pending.reject(error);
      }
    }
    this.#callCount -= 1;
    for (const name of groupNames) this.#groupsInFlight.delete(name);
    for (const { idCount } of batch) this.#idCount -= idCount;
    this.#callStore();
  }
}

class PendingChange {
  readonly change: MembersChange;
  readonly idCount: number;
  readonly outcome: Promise<MemberCommitOutcome>;
  /** Its place among the waiting changes. */
  entry: ListEntry<PendingChange> | undefined;
  resolve: (outcome: MemberCommitOutcome) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor(change: MembersChange) {
    this.change = change;
    this.idCount = change.add.length + change.remove.length;
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** The store has tried a contended change for as long as a call may take. */
function outcomeOf(outcome: MembersOutcome | undefined): MemberCommitOutcome {
  return outcome === undefined || outcome.kind === 'contended' ? { kind: 'store-unavailable' } : outcome;
}
