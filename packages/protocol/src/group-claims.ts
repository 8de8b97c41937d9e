/** What a client's token says about groups, by its claims `groups` and `follow`. Entries that mean nothing are ignored. */
import { isGroupName } from './target-id.ts';

/** Names of groups that a client follows by its token. */
export function readGroupsClaim(claim: unknown): readonly string[] {
  return [...new Set(textsIn(claim).filter(isGroupName))];
}

/** Which groups a client may follow by a `follow` frame. */
export interface FollowClaim {
  readonly names: ReadonlySet<string>;
  /** Beginnings of names; the empty one allows every group. */
  readonly prefixes: readonly string[];
}

/** Reads names, and beginnings of names that end with `*`. */
export function readFollowClaim(claim: unknown): FollowClaim {
  const entries = textsIn(claim).filter(isFollowEntry);
  return {
    names: new Set(entries.filter((entry) => !entry.endsWith('*'))),
    prefixes: entries.filter((entry) => entry.endsWith('*')).map((entry) => entry.slice(0, -1)),
  };
}

/** True for a name of a group, or a beginning of names with a trailing `*`. */
export function isFollowEntry(entry: string): boolean {
  return entry === '*' || isGroupName(entry.endsWith('*') ? entry.slice(0, -1) : entry);
}

export function mayFollow({ names, prefixes }: FollowClaim, name: string): boolean {
  return names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

function textsIn(claim: unknown): string[] {
  return Array.isArray(claim) ? claim.filter((entry): entry is string => typeof entry === 'string') : [];
}
