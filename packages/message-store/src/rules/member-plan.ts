import { GROUPS_PER_CLIENT_MAX, type JoinHistory } from '@postline/protocol';
import {
  type AddedMember,
  type FollowedGroup,
  type MembersChange,
  type MembersOutcome,
} from '../member-store.ts';
import type { RefusedJoin } from '../outbox.ts';

/** The client and the group of one membership. */
export interface MemberPlace {
  readonly groupName: string;
  readonly clientId: string;
}

/** A join or a leave by SQL, at its own place in the log. */
export interface MemberStep extends MemberPlace {
  readonly kind: 'join' | 'leave';
  /** For a join: the group's head at its place. */
  readonly from: number;
}

/** A requested change, and the group's head at its place. */
interface PlacedChange {
  readonly change: MembersChange;
  readonly head: number;
}

/** The changes of one transaction: first the steps in order, then the changes. */
export interface MemberWork {
  readonly steps: readonly MemberStep[];
  readonly changes: readonly PlacedChange[];
  /** By `placeKey`: positions that an earlier attempt gave to these changes, if its COMMIT was not answered. */
  readonly givenBefore?: ReadonlyMap<string, number> | undefined;
}

/** A row of the table `members`. Former members have one too. */
export interface MemberRow {
  readonly state: 'member' | 'left';
  readonly from: number;
  readonly since: string;
  readonly position: number;
}

export interface MemberFacts {
  /** By `placeKey`. */
  readonly stored: ReadonlyMap<string, MemberRow>;
  /** The number of groups of each client. Clients without groups may be omitted. */
  readonly groupCounts: ReadonlyMap<string, number>;
  /** New positions begin after this one. */
  readonly positionBefore: number;
  /** The database's clock. */
  readonly now: string;
}

/** A row to be written. */
type PlannedMember = MemberPlace & Pick<FollowedGroup, 'from' | 'position'> & Pick<MemberRow, 'state'>;

export interface MemberPlan {
  /** In the order of their keys and positions. */
  readonly rows: readonly PlannedMember[];
  /** One for each change, in order. */
  readonly outcomes: readonly MembersOutcome[];
  /** Joins by SQL that are dropped. */
  readonly refusedJoins: readonly RefusedJoin[];
}

/** Joins a place into one text. Ids contain no space. */
export function placeKey({ groupName, clientId }: MemberPlace): string {
  return `${groupName} ${clientId}`;
}

/** Decides what each membership becomes, and which changes are refused. */
export function planMembers(work: MemberWork, facts: MemberFacts): MemberPlan {
  const draft = new MemberDraft(facts, work.givenBefore);
  const refusedJoins: RefusedJoin[] = [];
  for (const step of work.steps) {
    const { groupName, clientId } = step;
    if (step.kind === 'leave') draft.leave(step);
    else if (draft.isFull(step)) refusedJoins.push({ groupName, clientId });
    else draft.join(step, step.from);
  }
  const outcomes = work.changes.map((placed) => applyChange(draft, placed));
  return { rows: draft.rows(), outcomes, refusedJoins };
}

function applyChange(draft: MemberDraft, { change, head }: PlacedChange): MembersOutcome {
  const { groupName, add, remove, history } = change;
  const full = add.filter((clientId) => draft.isFull({ groupName, clientId }));
  if (full.length > 0) return { kind: 'too-many-groups', clientIds: full };
  const from = fromOf(history, head);
  return {
    kind: 'changed',
    added: add.map((clientId) => draft.join({ groupName, clientId }, from)),
    removed: remove.filter((clientId) => draft.leave({ groupName, clientId })),
  };
}

function fromOf(history: JoinHistory, head: number): number {
  if (history === 'from-join') return head;
  return history === 'all' ? 0 : Math.max(0, head - history.last);
}

interface DraftedMember extends MemberPlace, Omit<MemberRow, 'position'> {
  /** This plan changed it. */
  readonly isTouched: boolean;
  /** The stored row comes from an earlier attempt of the same call. */
  readonly isOwn: boolean;
}

/** The memberships while the plan grows. */
class MemberDraft {
  readonly #facts: MemberFacts;
  readonly #givenBefore: ReadonlyMap<string, number> | undefined;
  readonly #members = new Map<string, DraftedMember>();
  readonly #groupCounts: Map<string, number>;

  constructor(facts: MemberFacts, givenBefore: ReadonlyMap<string, number> | undefined) {
    this.#facts = facts;
    this.#givenBefore = givenBefore;
    this.#groupCounts = new Map(facts.groupCounts);
  }

  /** True if the client is in too many groups to join another one. */
  isFull(place: MemberPlace): boolean {
    const count = this.#groupCounts.get(place.clientId) ?? 0;
    return count >= GROUPS_PER_CLIENT_MAX && this.#find(place).state !== 'member';
  }

  join(place: MemberPlace, from: number): AddedMember {
    const { clientId } = place;
    const found = this.#find(place);
    if (found.state === 'member') {
      return { clientId, from: found.from, since: found.since, isNew: found.isOwn };
    }
    this.#set(place, { state: 'member', from });
    this.#count(clientId, 1);
    return { clientId, from, since: this.#facts.now, isNew: true };
  }

  /** False if the client was no member. */
  leave(place: MemberPlace): boolean {
    const found = this.#find(place);
    if (found.state === 'left') return found.isOwn;
    this.#set(place, { state: 'left', from: found.from });
    this.#count(place.clientId, -1);
    return true;
  }

  /** The rows to write. A membership that began and ended within this plan needs none. */
  rows(): readonly PlannedMember[] {
    const { stored, positionBefore } = this.#facts;
    const changed = [...this.#members.values()].filter(
      (member) =>
        member.isTouched && (member.state === 'member' || stored.get(placeKey(member))?.state === 'member'),
    );
    return changed.sort(byPlace).map(({ groupName, clientId, state, from }, index) => {
      return { groupName, clientId, state, from, position: positionBefore + 1 + index };
    });
  }

  #find(place: MemberPlace): DraftedMember {
    const key = placeKey(place);
    const known = this.#members.get(key);
    if (known !== undefined) return known;
    const { groupName, clientId } = place;
    const row = this.#facts.stored.get(key);
    const { state = 'left', from = 0, since = '' } = row ?? {};
    const isOwn = row !== undefined && this.#givenBefore?.get(key) === row.position;
    const member = { groupName, clientId, state, from, since, isTouched: false, isOwn };
    this.#members.set(key, member);
    return member;
  }

  #set({ groupName, clientId }: MemberPlace, { state, from }: Pick<MemberRow, 'state' | 'from'>): void {
    const member = {
      groupName,
      clientId,
      state,
      from,
      since: this.#facts.now,
      isTouched: true,
      isOwn: false,
    };
    this.#members.set(placeKey(member), member);
  }

  #count(clientId: string, difference: number): void {
    this.#groupCounts.set(clientId, (this.#groupCounts.get(clientId) ?? 0) + difference);
  }
}

/** In the order of the table's key: two statements that lock the same rows in different order could deadlock. */
function byPlace(a: MemberPlace, b: MemberPlace): number {
  return placeKey(a) < placeKey(b) ? -1 : 1; // ids are ASCII: this is byte order
}
