import type { FollowedGroup as Membership, MemberChange } from '@postline/message-store';
import {
  encodeRelayFrame,
  type FollowFrame,
  groupIdOf,
  groupNameOf,
  isGroupId,
  type UnfollowCause,
  type UnfollowFrame,
} from '@postline/protocol';
import { errorForLog, type Logger, pause, RepeatedTask } from '@postline/service-runtime';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionGroups, Memberships } from '../connection/connection-groups.ts';
import type { Members } from '../control/members.ts';
import { readPatiently, RETRY_MS } from '../feeds/read-patiently.ts';
import type { FollowerStarter, StartedFollower } from '../following/follower-starter.ts';
import type { ReaderPosition, WantedTarget } from '../starting/starting-point.ts';
import type { TargetOpener, TargetStart } from '../starting/target-opener.ts';
import { GroupList, type ListedGroup, wantedTarget } from './group-list.ts';

/** Before the memberships are read, no change is later than what will be read. */
const NOT_READ = Number.POSITIVE_INFINITY;

export interface FollowedGroupsParts {
  readonly members: Pick<Members, 'read'>;
  readonly targets: Pick<TargetOpener, 'open' | 'close'>;
  readonly starter: FollowerStarter;
  /** The group that every connection with `groups: true` follows. */
  readonly everyoneGroup: string | undefined;
  /** Groups that one connection follows. */
  readonly followedGroupsMax: number;
  readonly logger: Pick<Logger, 'error'>;
}

/** The groups to follow at `identify`, as of one moment. */
export interface InitialGroups {
  readonly epoch: string;
  readonly groups: readonly ListedGroup[];
}

/**
 * The groups that one connection follows: those of `identify`, and later those that changes of members, tokens and
 * `follow` frames add or take away. A group that is taken away ends at once; groups that are added are opened in the
 * background, one batch after the other.
 */
export class FollowedGroups implements ConnectionGroups {
  readonly #connection: Connection;
  readonly #parts: FollowedGroupsParts;
  readonly #followsAll: boolean;
  readonly #list: GroupList;
  /** `follow` frames that wait for the client's memberships, by group; the newest of each. */
  readonly #asked = new Map<string, FollowFrame>();
  /** Frames that arrived before the connection was identified. */
  #deferred: (() => void)[] = [];
  /** Groups that did not fit, while the connection is not identified. */
  #refused: string[] = [];
  /** Changes of members up to here are included. */
  #position = NOT_READ;
  /** Undefined until the connection is identified. */
  #client: { readonly clientId: string; readonly epoch: string } | undefined;
  readonly #work = new RepeatedTask({ run: () => this.#run() });

  constructor(
    connection: Connection,
    parts: FollowedGroupsParts,
    { followsAll }: { readonly followsAll: boolean },
  ) {
    this.#connection = connection;
    this.#parts = parts;
    this.#followsAll = followsAll;
    this.#list = new GroupList({
      followsAll,
      groupsMax: parts.followedGroupsMax,
      access: () => connection.groupAccess,
    });
  }

  /** Waits while the database is away; undefined once `isWanted` says no. */
  async readInitial(clientId: string, isWanted: () => boolean): Promise<InitialGroups | undefined> {
    const { members, everyoneGroup } = this.#parts;
    const memberships = await readPatiently(() => members.read(clientId), isWanted);
    if (memberships === undefined) return undefined;
    this.#list.clear();
    this.#refused = [];
    this.#position = memberships.position;
    for (const membership of memberships.groups) this.#add(membership.groupName, { membership });
    for (const name of this.#connection.groupAccess.claimed) this.#add(name, { isClaimed: true });
    if (everyoneGroup !== undefined) this.#add(everyoneGroup, { isEveryone: true });
    return { epoch: memberships.epoch, groups: this.#list.all() };
  }

  /** The follower of a group that was opened; undefined, with its feed released, if the group is not wanted any more. */
  start(group: ListedGroup, start: TargetStart, { from }: WantedTarget): StartedFollower | undefined {
    const { starter } = this.#parts;
    if (!this.#list.has(group)) {
      starter.abandon(start);
      return undefined;
    }
    const started = starter.start(start, { reader: this.#connection, from });
    group.follower = started.follower;
    return started;
  }

  onIdentified(client: { readonly clientId: string; readonly epoch: string }): void {
    this.#client = client;
    const [refused, deferred] = [this.#refused, this.#deferred];
    this.#refused = [];
    this.#deferred = [];
    for (const name of refused) this.#reportTooMany(name);
    for (const act of deferred) act();
    this.#openSoon();
  }

  onFollow(frame: FollowFrame): void {
    if (this.#client === undefined) {
      this.#defer(frame.targetId, () => {
        this.onFollow(frame);
      });
      return;
    }
    const name = groupNameOf(frame.targetId);
    const isNew = this.#list.get(name) === undefined && !this.#asked.has(name);
    if (isNew && this.#list.size + this.#asked.size >= this.#parts.followedGroupsMax) {
      this.#connection.reportError('too_many_targets', { targetId: frame.targetId });
    } else {
      this.#asked.set(name, frame);
      this.#openSoon();
    }
  }

  onUnfollow(frame: UnfollowFrame): void {
    const { targetId } = frame;
    if (this.#client === undefined) {
      this.#defer(targetId, () => {
        this.onUnfollow(frame);
      });
      return;
    }
    const name = isGroupId(targetId) ? groupNameOf(targetId) : undefined;
    const group = name === undefined ? undefined : this.#list.get(name);
    const wasAsked = name !== undefined && this.#asked.delete(name);
    if (group !== undefined) this.#remove(group, 'unfollowed');
    else if (wasAsked) this.#reportUnfollowed(targetId, 'unfollowed');
    else this.#connection.reportError('not_followed', { targetId });
  }

  onMemberChange(change: MemberChange): void {
    if (change.position <= this.#position) return;
    this.#position = change.position;
    if (change.state === 'member') this.#onJoined(change);
    else this.#onLeft(change.groupName);
  }

  onMemberships({ position, groups }: Memberships): void {
    if (this.#position === NOT_READ) return; // they are about to be read
    this.#position = position;
    const current = new Set(groups.map(({ groupName }) => groupName));
    for (const { name } of this.#list.all()) if (!current.has(name)) this.#onLeft(name);
    for (const membership of groups) this.#onJoined(membership);
  }

  onToken(): void {
    if (this.#position === NOT_READ) return; // its claims are about to be read
    const claimed = new Set(this.#followsAll ? this.#connection.groupAccess.claimed : []);
    for (const group of this.#list.all()) {
      group.isClaimed = claimed.has(group.name);
      if (!this.#list.isWanted(group)) this.#remove(group, 'token');
    }
    for (const name of claimed) this.#add(name, { isClaimed: true }, { cause: 'token' });
    this.#openSoon();
  }

  readableAfter(targetId: string): number {
    return isGroupId(targetId) ? (this.#list.get(groupNameOf(targetId))?.membership?.from ?? 0) : 0;
  }

  stop(): void {
    void this.#work.stop();
  }

  #onJoined(membership: Membership): void {
    const { groupName } = membership;
    const known = this.#list.get(groupName)?.membership;
    if (known?.position === membership.position) return;
    if (known !== undefined) this.#onLeft(groupName); // it left, and joined again
    if (!this.#followsAll && this.#list.get(groupName) === undefined) return;
    this.#add(groupName, { membership }, { cause: 'joined', position: { kind: 'joined' } });
    this.#openSoon();
  }

  #onLeft(name: string): void {
    const group = this.#list.get(name);
    if (group?.membership === undefined) return;
    group.membership = undefined;
    if (!this.#list.isWanted(group)) this.#remove(group, 'left');
  }

  #add(...[name, ...reason]: Parameters<GroupList['add']>): void {
    if (this.#list.add(name, ...reason)) return;
    if (this.#client === undefined) this.#refused.push(name);
    else this.#reportTooMany(name);
  }

  #reportTooMany(name: string): void {
    this.#connection.reportError('too_many_targets', { targetId: groupIdOf(name) });
  }

  /** Not one frame of the group after this, but the one that reports it. */
  #remove(group: ListedGroup, cause: UnfollowCause): void {
    this.#list.remove(group);
    if (group.follower !== undefined) this.#connection.removeFollower(group.follower);
    if (group.follower !== undefined || cause === 'unfollowed') this.#reportUnfollowed(group.targetId, cause);
  }

  #reportUnfollowed(targetId: string, cause: UnfollowCause): void {
    this.#connection.socket.send(encodeRelayFrame({ type: 'unfollowed', targetId, cause }));
  }

  #defer(targetId: string, act: () => void): void {
    if (this.#deferred.length < this.#parts.followedGroupsMax) this.#deferred.push(act);
    else this.#connection.reportError('too_many_targets', { targetId });
  }

  #openSoon(): void {
    if (this.#client !== undefined) this.#work.runNow();
  }

  readonly #isOpen = () => this.#connection.state === 'following';

  async #run(): Promise<void> {
    try {
      if (this.#asked.size > 0) await this.#decideAsked();
      await this.#openGroups();
    } catch (error) {
      const { id: connectionId, socket } = this.#connection;
      this.#parts.logger.error({ err: errorForLog(error), connectionId }, 'following a group failed');
      socket.terminate();
    }
  }

  async #decideAsked(): Promise<void> {
    const memberships = await this.#readMemberships();
    if (memberships === undefined) return;
    if (this.#position === NOT_READ) this.#position = memberships.position;
    const byName = new Map(memberships.groups.map((membership) => [membership.groupName, membership]));
    const frames = [...this.#asked.values()];
    this.#asked.clear();
    for (const frame of frames) this.#decide(frame, byName.get(groupNameOf(frame.targetId)));
  }

  /** At least as new as the changes that were reported. */
  async #readMemberships(): Promise<Memberships | undefined> {
    const { clientId = '' } = this.#connection;
    for (;;) {
      const reading = await readPatiently(() => this.#parts.members.read(clientId), this.#isOpen);
      if (reading === undefined || this.#position === NOT_READ) return reading;
      if (reading.position >= this.#position) return reading;
      await pause(RETRY_MS);
    }
  }

  #decide(frame: FollowFrame, membership: Membership | undefined): void {
    const { targetId } = frame;
    const name = groupNameOf(targetId);
    const group = this.#list.get(name);
    if (group === undefined && membership === undefined && !this.#connection.groupAccess.mayFollow(name)) {
      this.#connection.reportError('forbidden', { targetId });
      return;
    }
    const cursor = cursorOf(frame);
    const position = cursor ?? { kind: 'head' };
    this.#add(
      name,
      { isAsked: true, membership: group?.membership ?? membership },
      { cause: 'followed', position },
    );
    if (group === undefined) return;
    group.cause = 'followed';
    if (cursor !== undefined) this.#restart(group, cursor);
    else if (group.follower !== undefined) this.#reportFollowed(group, group.follower);
  }

  /** Follows the group from another place, which the next `followed` frame reports. */
  #restart(group: ListedGroup, position: ReaderPosition): void {
    const follower = this.#list.restart(group, position);
    if (follower !== undefined) this.#connection.removeFollower(follower);
  }

  #reportFollowed(
    { targetId, cause }: ListedGroup,
    { cursor: offset, feed }: ListedGroup['follower'] & object,
  ): void {
    const head = Math.max(feed.head, offset);
    const frame = { type: 'followed', targetId, offset, head, recovered: true, cause } as const;
    this.#connection.socket.send(encodeRelayFrame(frame));
  }

  /** Opens the groups that have no follower yet, and reports them. */
  async #openGroups(): Promise<void> {
    const { targets } = this.#parts;
    const { clientId = '' } = this.#connection;
    const groups = this.#list.all().filter(({ follower }) => follower === undefined);
    if (groups.length === 0) return;
    const wanted = groups.map(wantedTarget);
    const opened = await targets.open(wanted, { clientId, isWanted: this.#isOpen });
    if (opened === undefined) return;
    if (opened.epoch !== this.#client?.epoch) {
      targets.close(opened);
      await this.#work.pause(RETRY_MS); // the connection is about to be closed, as its log was restarted
    } else {
      for (const [index, start] of opened.starts.entries()) this.#follow(groups[index], start, wanted[index]);
    }
    if (this.#list.all().some(({ follower }) => follower === undefined)) this.#work.runNow();
  }

  #follow(group: ListedGroup | undefined, start: TargetStart, wanted: WantedTarget | undefined): void {
    if (group === undefined || wanted === undefined) return;
    const started = this.start(group, start, wanted);
    if (started === undefined) return;
    const { offset, head, recovered } = start;
    const { targetId, cause } = group;
    const followed = encodeRelayFrame({ type: 'followed', targetId, offset, head, recovered, cause });
    this.#connection.addFollower(started.follower, [followed, ...started.frames]);
  }
}

function cursorOf({ targetId, epoch, offset, at }: FollowFrame): ReaderPosition | undefined {
  return offset === undefined ? undefined : { kind: 'cursor', cursor: { targetId, offset, epoch, mark: at } };
}
