import type { JoinHistory } from '@postline/protocol';
import type { MovedMessages } from './outbox.ts';

/**
 * Groups are called by their names here (`news`), not by their target ids (`group:news`). Every change of a group's
 * members first takes the counter of the group's log, as an append does, so `from` is a place in that log.
 */

/** A client whose connections follow a group. */
export interface Member {
  readonly clientId: string;
  /** The group's offset after which this member's stream begins. */
  readonly from: number;
  /** When it joined, by the database's clock: ISO 8601 with milliseconds, UTC. */
  readonly since: string;
}

/** A group that a client is a member of. */
export interface Membership {
  readonly groupName: string;
  readonly from: number;
  readonly since: string;
}

/** Changes one group; all of it is stored, or nothing. At most MEMBERS_PER_CHANGE_MAX ids in all, each once. */
export interface MembersChange {
  readonly groupName: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** Of those that are added and are no members yet: the first join stands. */
  readonly history: JoinHistory;
}

export interface AddedMember extends Member {
  /** False if it was a member before: `from` and `since` are those of its first join. */
  readonly isNew: boolean;
}

/** The result of one MembersChange. */
export type MembersOutcome =
  | {
      readonly kind: 'changed';
      /** One for each id of `add`, in order. */
      readonly added: readonly AddedMember[];
      /** The ids of `remove` that were members, in order. */
      readonly removed: readonly string[];
    }
  /** These clients already are in GROUPS_PER_CLIENT_MAX groups. Nothing of this change was stored. */
  | { readonly kind: 'too-many-groups'; readonly clientIds: readonly string[] }
  /**
   * Another transaction held the group's counter or the members' position for as long as the call could wait, or more
   * waited in the group's outbox than was moved by then. Nothing of this change was stored.
   */
  | { readonly kind: 'contended' };

export interface MembersChanged {
  /** One for each change, in order. */
  readonly outcomes: readonly MembersOutcome[];
  /** The position of the last change that was committed, with those from the outbox; undefined if there is none. */
  readonly position: number | undefined;
  /** Messages that were moved from the outbox first. One entry for each commit; usually empty. */
  readonly moved: readonly MovedMessages[];
}

export interface MembersQuery {
  readonly groupName: string;
  /** Only ids that are greater in byte order; all are greater than the empty text. */
  readonly afterClientId: string;
  readonly limit: number;
}

export interface MembershipsQuery {
  readonly clientId: string;
  /** Only names that are greater in byte order; all are greater than the empty text. */
  readonly afterGroupName: string;
  readonly limit: number;
}

/**
 * How far a relay has read the changes. Relays only keep it and give it back: beside the position it holds what proves
 * that the position still belongs to the same history.
 */
export interface MemberCursor {
  readonly epoch: string;
  readonly position: number;
  /** The last change up to `position`, where one is known. */
  readonly mark:
    | { readonly groupName: string; readonly clientId: string; readonly position: number }
    | undefined;
}

/** One group that a client follows as a member. */
export interface FollowedGroup {
  readonly groupName: string;
  readonly from: number;
  /** The position of the join. A greater one of the same client and group is another join, and replaces this one. */
  readonly position: number;
}

/** The memberships of some clients, and a cursor; from one snapshot. Changes after the cursor are not in them. */
export interface MembershipsReading {
  readonly cursor: MemberCursor;
  /** An entry for each client that was asked for. */
  readonly groups: ReadonlyMap<string, readonly FollowedGroup[]>;
}

/** The latest change of one client in one group; it replaces any with a lower position. */
export type MemberChange = {
  readonly groupName: string;
  readonly clientId: string;
  readonly position: number;
} & ({ readonly state: 'member'; readonly from: number } | { readonly state: 'left' });

export type MemberChangesReading =
  | {
      readonly kind: 'changes';
      /** In position order, at most MEMBER_CHANGES_PER_READ_MAX. Of several changes of one membership only the last. */
      readonly changes: readonly MemberChange[];
      /** Go on from here. */
      readonly cursor: MemberCursor;
      /** True if there is more to read at once. */
      readonly hasMore: boolean;
    }
  /**
   * The changes after this cursor are not known: read the memberships of all clients anew. `forgotten`: departures
   * behind the cursor were deleted, being older than a day. `history-changed`: another epoch began, or a backup or a
   * failover took back what the cursor has seen.
   */
  | { readonly kind: 'restart'; readonly reason: 'forgotten' | 'history-changed' };

/** The members of groups, as far as they are stored. Calls end and reject as those of the MessageStore do. */
export interface MemberStore {
  /**
   * Makes all changes that can be made in one transaction, each of them all or nothing; at most MEMBERS_PER_CHANGE_MAX
   * ids in sum. What was committed to a group's outbox before the call takes effect before it. A change that was made
   * already changes nothing, so a caller that got no answer can repeat it.
   */
  changeMembers(changes: readonly MembersChange[]): Promise<MembersChanged>;

  /** Reads members of a group, by id in byte order; none for an unknown group. */
  readMembers(query: MembersQuery): Promise<readonly Member[]>;

  /** Reads groups of a client, by name in byte order. */
  readGroupsOfClient(query: MembershipsQuery): Promise<readonly Membership[]>;

  /** Reads whether a client is a member of a group; undefined if it is not. */
  readMembership(place: {
    readonly groupName: string;
    readonly clientId: string;
  }): Promise<Membership | undefined>;

  /**
   * Reads the memberships of up to CLIENTS_PER_MEMBERSHIPS_READ_MAX clients in one statement; of none: the current
   * cursor. A relay reads them before it reads the heads of the groups.
   */
  readMemberships(clientIds: readonly string[]): Promise<MembershipsReading>;

  /** Reads changes of all groups after a cursor. Who has seen a position has seen all changes before it. */
  readMemberChanges(cursor: MemberCursor): Promise<MemberChangesReading>;
}

/** Deletes what is only kept for relays. */
export interface MemberUpkeep {
  /**
   * Deletes departures that are older than DEPARTURES_KEPT_SECONDS, at most DEPARTURES_PER_STEP_MAX of them; resolves
   * to how many.
   */
  forgetDepartures(): Promise<number>;
}

/** Ids in one call that changes members: a statement of this size takes some ten milliseconds. */
export const MEMBERS_PER_CHANGE_MAX = 1_000;

/** Of clients in 1,000 groups 64,000 rows: the most that one read may bring into memory. */
export const CLIENTS_PER_MEMBERSHIPS_READ_MAX = 64;

/** A page of some hundred kilobytes. */
export const MEMBER_CHANGES_PER_READ_MAX = 1_000;

/** No relay is without the database for a day and keeps its connections; one that were would read all memberships anew. */
export const DEPARTURES_KEPT_SECONDS = 86_400;

/** A transaction of this size takes some ms. */
export const DEPARTURES_PER_STEP_MAX = 500;
