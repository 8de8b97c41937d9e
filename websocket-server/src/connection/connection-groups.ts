import type { ClientToken } from '@postline/client-tokens';
import type { FollowedGroup, MemberChange } from '@postline/message-store';
import { type FollowFrame, mayFollow, type UnfollowFrame } from '@postline/protocol';

/** The groups that a connection follows, as far as they are reported to it. */
export interface ConnectionGroups {
  /** From now on frames are answered, and what changes is reported to the client. */
  onIdentified(client: { readonly clientId: string; readonly epoch: string }): void;
  onFollow(frame: FollowFrame): void;
  onUnfollow(frame: UnfollowFrame): void;
  /** A change of its client's memberships, in the order of their positions; the same one may be reported again. */
  onMemberChange(change: MemberChange): void;
  /** All memberships of its client, because changes were lost. */
  onMemberships(memberships: Memberships): void;
  /** Another token was accepted. */
  onToken(): void;
  /** The offset after which the client may read a group: that of its join if it is a stored member, else 0. */
  readableAfter(targetId: string): number;
  stop(): void;
}

/** The groups that one client is a stored member of. */
export interface Memberships {
  readonly epoch: string;
  /** Changes up to here are included. */
  readonly position: number;
  readonly groups: readonly FollowedGroup[];
}

/** Which groups a client may follow without being a stored member of them. */
export interface GroupAccess {
  /** Names of the groups that its token counts it in. */
  readonly claimed: readonly string[];
  /** Whether a `follow` frame may name the group. */
  readonly mayFollow: (groupName: string) => boolean;
}

/** Of open mode: any group. */
export const ANY_GROUP: GroupAccess = { claimed: [], mayFollow: () => true };

const NO_GROUP: GroupAccess = { claimed: [], mayFollow: () => false };

/** By the claims `groups` and `follow`. A group that the token counts the client in may be followed by a frame, too. */
export function groupAccess({ groups, follow }: ClientToken): GroupAccess {
  if (groups.length + follow.names.size + follow.prefixes.length === 0) return NO_GROUP;
  return { claimed: groups, mayFollow: (name) => groups.includes(name) || mayFollow(follow, name) };
}
