import type { JoinHistory } from '@postline/protocol';
import type { MovedMessages } from './outbox.ts';

/**
 * Here groups go by their names (`news`), not by their target ids (`group:news`). Every change of a group's members
 * first locks the counter of the group's log, as an append does. So `from` is a definite place in that log.
 */

/** A client whose connections follow a group. */
export interface Member {
  readonly clientId: string;
  /** The group's offset after which this member's stream begins. */
  readonly from: number;
  /** When it joined, by the database's clock: ISO 8601 with milliseconds, UTC. */
  readonly since: string;
}

/** A group of a client. */
export interface Membership {
  readonly groupName: string;
  readonly from: number;
  readonly since: string;
}

/**
 * Changes the members of one group: all of the change is stored, or none of it. At most MEMBERS_PER_CHANGE_MAX ids in
 * all, each of them once.
 */
export interface MembersChange {
  readonly groupName: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** Where new members start to read. Clients that are members already keep their first join. */
  readonly history: JoinHistory;
}

export interface AddedMember extends Member {
  /** False if the client was a member before: `from` and `since` are those of its first join. */
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
  /** These clients are already in GROUPS_PER_CLIENT_MAX groups. Nothing of this change was stored. */
  | { readonly kind: 'too-many-groups'; readonly clientIds: readonly string[] }
  /**
   * Nothing of this change was stored: another transaction held the group's counter or the members' position for as
   * long as the call could wait, or the group's outbox held more rows than could be moved in that time.
   */
  | { readonly kind: 'contended' };

export interface MembersChanged {
  /** One for each change, in order. */
  readonly outcomes: readonly MembersOutcome[];
  /** The position of the last committed change, including changes from the outbox; undefined if there is none. */
  readonly position: number | undefined;
  /** Messages that were moved out of the outbox first: one entry for each commit, usually none. */
  readonly moved: readonly MovedMessages[];
}

export interface MembersQuery {
  readonly groupName: string;
  /** Only ids that are greater in byte order. Every id is greater than the empty text. */
  readonly afterClientId: string;
  readonly limit: number;
}

export interface MembershipsQuery {
  readonly clientId: string;
  /** Only names that are greater in byte order. Every name is greater than the empty text. */
  readonly afterGroupName: string;
  readonly limit: number;
}

/**
 * How far a relay has read the changes. A relay only stores it and passes it back. Besides the position, it holds what
 * proves that the position still belongs to the same history.
 */
export interface MemberCursor {
  readonly epoch: string;
  readonly position: number;
  /** The last change up to `position`, if known. */
  readonly mark:
    | { readonly groupName: string; readonly clientId: string; readonly position: number }
    | undefined;
}

/** One group that a client follows as a member. */
export interface FollowedGroup {
  readonly groupName: string;
  readonly from: number;
  /**
   * The position of the join. A join of the same client and group with a greater position is a new join, and replaces
   * this one.
   */
  readonly position: number;
}

/** The memberships of some clients, and a cursor, from one snapshot. Changes after the cursor are not included. */
export interface MembershipsReading {
  readonly cursor: MemberCursor;
  /** An entry for each requested client. */
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
      /**
       * In position order, at most MEMBER_CHANGES_PER_READ_MAX. If a membership changed several times, only the last
       * change is here.
       */
      readonly changes: readonly MemberChange[];
      /** Where the next read continues. */
      readonly cursor: MemberCursor;
      /** True if more changes can be read at once. */
      readonly hasMore: boolean;
    }
  /**
   * The changes after this cursor are not known: read the memberships of all clients again. `forgotten`: departures
   * after the cursor were deleted because they were older than a day. `history-changed`: another epoch began, or a
   * backup or a failover removed changes that the cursor had passed.
   */
  | { readonly kind: 'restart'; readonly reason: 'forgotten' | 'history-changed' };

/** Stores the members of groups. Calls end and reject as described at MessageStore. */
export interface MemberStore {
  /**
   * Makes all changes that can be made, in one transaction; each change is stored completely or not at all. At most
   * MEMBERS_PER_CHANGE_MAX ids in all. Rows that were committed to a group's outbox before the call take effect first.
   * Repeating a change has no effect, so a caller that got no answer can repeat the call.
   */
  changeMembers(changes: readonly MembersChange[]): Promise<MembersChanged>;

  /** Reads members of a group, in byte order of their ids; none for an unknown group. */
  readMembers(query: MembersQuery): Promise<readonly Member[]>;

  /** Reads groups of a client, in byte order of their names. */
  readGroupsOfClient(query: MembershipsQuery): Promise<readonly Membership[]>;

  /** Reads a client's membership of a group; undefined if the client is not a member. */
  readMembership(place: {
    readonly groupName: string;
    readonly clientId: string;
  }): Promise<Membership | undefined>;

  /**
   * Reads the memberships of up to CLIENTS_PER_MEMBERSHIPS_READ_MAX clients in one statement. With no clients, it
   * returns the current cursor. A relay reads memberships before it reads the heads of the groups.
   */
  readMemberships(clientIds: readonly string[]): Promise<MembershipsReading>;

  /** Reads changes of all groups after a cursor. A reader that has seen a position has seen all changes before it. */
  readMemberChanges(cursor: MemberCursor): Promise<MemberChangesReading>;
}

/** Deletes rows that are kept only for relays. */
export interface MemberUpkeep {
  /**
   * Deletes at most DEPARTURES_PER_STEP_MAX departures that are older than DEPARTURES_KEPT_SECONDS. Resolves to their
   * number.
   */
  forgetDepartures(): Promise<number>;
}

/** Ids in one call that changes members. A statement of this size takes some ten milliseconds. */
export const MEMBERS_PER_CHANGE_MAX = 1_000;

/** If each client is in 1,000 groups, this is 64,000 rows: the most that one read may load into memory. */
export const CLIENTS_PER_MEMBERSHIPS_READ_MAX = 64;

/** A page of this size takes a few hundred kilobytes. */
export const MEMBER_CHANGES_PER_READ_MAX = 1_000;

/**
 * A relay does not keep its connections through a whole day without the database. If one did, it would read all
 * memberships again.
 */
export const DEPARTURES_KEPT_SECONDS = 86_400;

/** A transaction of this size takes a few milliseconds. */
export const DEPARTURES_PER_STEP_MAX = 500;
