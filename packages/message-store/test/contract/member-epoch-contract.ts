import { expect, it } from 'vitest';
import { newTarget } from '../support/contract-database.ts';
import { change, changesAfter, cursorOf, join, leave, publishTo } from '../support/members.ts';
import type { EpochDatabase } from './epoch-contract.ts';

/** GRP-6 and GRP-12: members after a new epoch, after a restored backup, and departures that are old. */
export function describeMemberHistory(open: () => EpochDatabase): void {
  const fromOf = async (groupName: string, clientId: string) =>
    (await open().store.readMembership({ groupName, clientId }))?.from;

  it('[GRP-12] after a new epoch nobody begins beyond the head, and the others where they did', async () => {
    const { store, begin, run } = open();
    const [group, unwritten, anna, ben] = [newTarget(), newTarget(), newTarget(), newTarget()];
    await publishTo(store, group, 3);
    await store.changeMembers([
      change(group, { add: [anna] }),
      change(group, { add: [ben], history: { last: 1 } }),
      change(unwritten, { add: [anna] }),
    ]);
    const cursor = await cursorOf(store);
    // A backup that is not of one moment: its members are younger than its messages.
    await run(`DELETE FROM messages WHERE target_id = 'group:${group}' AND message = 'x'`);
    await run(`UPDATE targets SET head = 2 WHERE target_id = 'group:${group}'`);
    await run(`DELETE FROM targets WHERE target_id = 'group:${unwritten}'`);
    await run(`UPDATE members SET from_offset = 7 WHERE group_name = '${unwritten}'`);
    await run('UPDATE member_head SET head = 1');
    await begin();
    expect(await fromOf(group, anna)).toBe(2);
    expect(await fromOf(group, ben)).toBe(2);
    expect(await fromOf(unwritten, anna)).toBe(0);
    expect(await store.readMemberChanges(cursor)).toMatchObject({
      kind: 'restart',
      reason: 'history-changed',
    });
    const { cursor: anew } = await store.readMemberships([anna]);
    expect(anew.position).toBe(cursor.position);
    await leave(store, group, anna);
    expect((await changesAfter(store, anew)).changes).toMatchObject([{ clientId: anna, state: 'left' }]);
  });

  it('[GRP-6] a change that a failover lost is noticed, also once others have followed', async () => {
    const { store, run } = open();
    const [group, anna, ben] = [newTarget(), newTarget(), newTarget()];
    await join(store, group, ben);
    const before = await cursorOf(store);
    await join(store, group, anna);
    const cursor = await cursorOf(store);
    await run(`DELETE FROM members WHERE group_name = '${group}' AND client_id = '${anna}'`);
    await run(`UPDATE member_head SET head = ${before.position}`);
    const restart = { kind: 'restart', reason: 'history-changed' };
    expect(await store.readMemberChanges(cursor)).toEqual(restart);
    await join(store, group, newTarget());
    expect((await cursorOf(store)).position).toBeGreaterThan(cursor.position);
    expect(await store.readMemberChanges(cursor)).toEqual(restart);
    expect(await store.readMemberChanges(before)).toMatchObject({ kind: 'changes' });
  });

  it('[GRP-6] departures go after a day; a relay that has not read them reads its clients anew', async () => {
    const { store, run } = open();
    const [group, anna, ben, carl] = [newTarget(), newTarget(), newTarget(), newTarget()];
    const place = (clientId: string) => `group_name = '${group}' AND client_id = '${clientId}'`;
    await join(store, group, anna, ben, carl);
    await leave(store, group, anna, ben);
    const { position, ...rest } = await cursorOf(store);
    await run(`UPDATE members SET position = 5 WHERE ${place(anna)}`);
    await run(`UPDATE members SET position = 6 WHERE ${place(carl)}`);
    expect(await store.forgetDepartures()).toBe(1);
    expect(await store.forgetDepartures()).toBe(0);
    const at = (cursorPosition: number) =>
      store.readMemberChanges({ ...rest, mark: undefined, position: cursorPosition });
    expect(await at(4)).toEqual({ kind: 'restart', reason: 'forgotten' });
    expect(await at(5)).toMatchObject({ kind: 'changes' });
    expect(await at(position)).toMatchObject({ kind: 'changes', changes: [] });
    const deleted = { groupName: group, clientId: anna, position: 5 };
    expect(await store.readMemberChanges({ ...rest, mark: deleted, position })).toMatchObject({
      kind: 'changes',
    });
    const members = await store.readMembers({ groupName: group, afterClientId: '', limit: 9 });
    expect(members.map(({ clientId }) => clientId)).toEqual([carl]);
    expect(await join(store, group, anna)).toMatchObject({ added: [{ isNew: true }] });
  });
}
