import { isGroupId, isGroupName, isTargetId, type JoinHistory } from '@postline/protocol';
import {
  CLIENTS_PER_MEMBERSHIPS_READ_MAX,
  type MemberCursor,
  MEMBERS_PER_CHANGE_MAX,
  type MembersChange,
  type MembershipsQuery,
  type MembersQuery,
} from '../member-store.ts';
import type { MemberPlace } from './member-plan.ts';
import { assertWholeNumber } from './store-arguments.ts';

/** Throws if changes of members can't be stored as they are. */
export function assertMemberChanges(changes: readonly MembersChange[]): void {
  let count = 0;
  for (const { groupName, add, remove, history } of changes) {
    assertGroupName(groupName);
    const ids = [...add, ...remove];
    ids.forEach(assertClientId);
    if (new Set(ids).size < ids.length) throw new RangeError('a client is in one change twice');
    assertHistory(history);
    count += ids.length;
  }
  if (count > MEMBERS_PER_CHANGE_MAX) {
    throw new RangeError(`at most ${MEMBERS_PER_CHANGE_MAX} clients in one call`);
  }
}

export function assertMembersQuery({ groupName, afterClientId, limit }: MembersQuery): void {
  assertGroupName(groupName);
  if (afterClientId !== '') assertClientId(afterClientId);
  assertWholeNumber('limit', limit, 1);
}

export function assertMembershipsQuery({ clientId, afterGroupName, limit }: MembershipsQuery): void {
  assertClientId(clientId);
  if (afterGroupName !== '') assertGroupName(afterGroupName);
  assertWholeNumber('limit', limit, 1);
}

export function assertMemberPlace({ groupName, clientId }: MemberPlace): void {
  assertGroupName(groupName);
  assertClientId(clientId);
}

export function assertMembershipClients(clientIds: readonly string[]): void {
  clientIds.forEach(assertClientId);
  if (clientIds.length > CLIENTS_PER_MEMBERSHIPS_READ_MAX) {
    throw new RangeError(`at most ${CLIENTS_PER_MEMBERSHIPS_READ_MAX} clients in one read`);
  }
}

export function assertMemberCursor({ position, mark }: MemberCursor): void {
  assertWholeNumber('position', position, 0);
  if (mark !== undefined) assertMemberPlace(mark);
}

function assertHistory(history: JoinHistory): void {
  if (typeof history === 'object') assertWholeNumber('last', history.last, 1);
}

function assertGroupName(groupName: string): void {
  if (!isGroupName(groupName)) throw new RangeError('the name of the group is not well-formed');
}

function assertClientId(clientId: string): void {
  if (!isTargetId(clientId) || isGroupId(clientId)) throw new RangeError('the client id is not well-formed');
}
