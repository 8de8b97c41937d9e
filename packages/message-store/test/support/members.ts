import type { MemberChange, MemberCursor, MembersChange, MembersOutcome } from '../../src/member-store.ts';
import type { MessageStore } from '../../src/message-store.ts';
import { appendOne } from './contract-database.ts';

export const change = (groupName: string, parts: Partial<MembersChange>): MembersChange => {
  return { groupName, add: [], remove: [], history: 'from-join', ...parts };
};

export async function changeOne(store: MessageStore, request: MembersChange): Promise<MembersOutcome> {
  const { outcomes } = await store.changeMembers([request]);
  return outcomes[0]!;
}

export const join = (store: MessageStore, groupName: string, ...add: string[]) =>
  changeOne(store, change(groupName, { add }));
export const leave = (store: MessageStore, groupName: string, ...remove: string[]) =>
  changeOne(store, change(groupName, { remove }));

export async function publishTo(store: MessageStore, groupName: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await appendOne(store, { targetId: `group:${groupName}`, message: 'x' });
}

/** All changes after a cursor. */
export async function changesAfter(store: MessageStore, cursor: MemberCursor) {
  const changes: MemberChange[] = [];
  for (let next = cursor; ; ) {
    const reading = await store.readMemberChanges(next);
    if (reading.kind === 'restart') throw new Error(`restart: ${reading.reason}`);
    changes.push(...reading.changes);
    next = reading.cursor;
    if (!reading.hasMore) return { changes, cursor: next };
  }
}

export const cursorOf = async (store: MessageStore) => (await store.readMemberships([])).cursor;
