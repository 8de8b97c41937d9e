import type { FollowedGroup as Membership } from '@postline/message-store';
import { type FollowCause, groupIdOf } from '@postline/protocol';
import type { GroupAccess } from '../connection/connection-groups.ts';
import type { Follower } from '../following/follower.ts';
import type { ReaderPosition, WantedTarget } from '../starting/starting-point.ts';

/** Why a connection follows a group; it may have several reasons. */
interface Reasons {
  /** Its client is a stored member. */
  membership: Membership | undefined;
  /** Its token's claim `groups` names it. */
  isClaimed: boolean;
  /** It is the group that everyone follows. */
  isEveryone: boolean;
  /** A `follow` frame named it. */
  isAsked: boolean;
}

/** One group of one connection. */
export interface ListedGroup extends Reasons {
  readonly name: string;
  readonly targetId: string;
  /** What the `followed` frame says if the group is followed later than `identified`. */
  cause: FollowCause;
  /** Where the client stopped. */
  readonly position: ReaderPosition;
  /** Undefined until its stream starts. */
  follower: Follower | undefined;
}

export interface GroupListOptions {
  /** Whether the connection follows all groups of its client; else only those that it asks for. */
  readonly followsAll: boolean;
  readonly groupsMax: number;
  readonly access: () => GroupAccess;
}

/** The groups that a connection is to follow, and why. */
export class GroupList {
  readonly #options: GroupListOptions;
  readonly #groups = new Map<string, ListedGroup>();

  constructor(options: GroupListOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#groups.size;
  }

  get(name: string): ListedGroup | undefined {
    return this.#groups.get(name);
  }

  /** A copy, so that the list may change meanwhile. */
  all(): ListedGroup[] {
    return [...this.#groups.values()];
  }

  /** Adds a group, or another reason to follow it. False if the list is full. */
  add(
    name: string,
    reasons: Partial<Reasons>,
    how: Partial<Pick<ListedGroup, 'cause' | 'position'>> = {},
  ): boolean {
    const group = this.#groups.get(name);
    if (group !== undefined) {
      Object.assign(group, reasons);
      return true;
    }
    if (this.#groups.size >= this.#options.groupsMax) return false;
    this.#groups.set(name, {
      name,
      targetId: groupIdOf(name),
      cause: 'joined',
      position: { kind: 'head' },
      membership: undefined,
      isClaimed: false,
      isEveryone: false,
      isAsked: false,
      follower: undefined,
      ...reasons,
      ...how,
    });
    return true;
  }

  /** The group is to be opened again, where the client says; returns the follower that it had. */
  restart(group: ListedGroup, position: ReaderPosition): Follower | undefined {
    this.#groups.set(group.name, { ...group, position, cause: 'followed', follower: undefined });
    return group.follower;
  }

  remove({ name }: ListedGroup): void {
    this.#groups.delete(name);
  }

  clear(): void {
    this.#groups.clear();
  }

  /** True as long as this very entry is in the list: a group that left and came back is another one. */
  has(group: ListedGroup): boolean {
    return this.#groups.get(group.name) === group;
  }

  /** Whether a reason is left to follow it. */
  isWanted({ name, membership, isClaimed, isEveryone, isAsked }: ListedGroup): boolean {
    if (isEveryone || isClaimed) return true;
    if (membership !== undefined) return isAsked || this.#options.followsAll;
    return isAsked && this.#options.access().mayFollow(name);
  }
}

export function wantedTarget({ targetId, position, membership }: ListedGroup): WantedTarget {
  return { targetId, position, from: membership?.from };
}
