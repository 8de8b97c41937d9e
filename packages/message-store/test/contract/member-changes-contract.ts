import { expect, it } from 'vitest';
import { MEMBER_CHANGES_PER_READ_MAX, MEMBERS_PER_CHANGE_MAX } from '../../src/member-store.ts';
import type { MessageStore } from '../../src/message-store.ts';
import { type ContractDatabase, newTarget } from '../support/contract-database.ts';
import { changesAfter, cursorOf, join, leave, publishTo } from '../support/members.ts';

/** GRP-5 and GRP-6, as far as every kind answers for them. */
export function describeMemberChanges(store: () => MessageStore, database: () => ContractDatabase): void {
  it('[GRP-5] a relay reads memberships with a cursor, and after it each change in its order, only the last of each', async () => {
    const [group, anna, ben, carl] = [newTarget(), newTarget(), newTarget(), newTarget()];
    await publishTo(store(), group, 1);
    await join(store(), group, anna, ben);
    const { cursor, groups } = await store().readMemberships([anna, carl]);
    expect(groups.get(anna)).toEqual([{ groupName: group, from: 1, position: expect.any(Number) }]);
    expect(groups.get(carl)).toEqual([]);
    expect(cursor.position).toBeGreaterThanOrEqual(groups.get(anna)![0]!.position);
    expect((await changesAfter(store(), cursor)).changes).toEqual([]);

    await leave(store(), group, ben);
    await leave(store(), group, anna);
    await publishTo(store(), group, 1);
    await join(store(), group, carl, anna);
    const after = await changesAfter(store(), cursor);
    expect(after.changes.map(({ clientId, state }) => `${clientId} ${state}`)).toEqual([
      `${ben} left`,
      ...[`${anna} member`, `${carl} member`].sort(),
    ]);
    expect(after.changes.at(-1)).toMatchObject({ groupName: group, from: 2 });
    const positions = after.changes.map(({ position }) => position);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(after.cursor.position).toBe(positions.at(-1));
    expect((await changesAfter(store(), after.cursor)).changes).toEqual([]);
    expect(Number.isSafeInteger(after.cursor.position)).toBe(true);
  });

  it('[GRP-5] more changes than one read takes come in pages', async () => {
    const group = newTarget();
    const cursor = await cursorOf(store());
    const ids = Array.from(
      { length: MEMBERS_PER_CHANGE_MAX },
      (_, n) => `${group}-${String(n).padStart(4, '0')}`,
    );
    await join(store(), group, ...ids);
    await leave(store(), group, ...ids.filter((_, n) => n % 2 === 0));
    await join(store(), group, newTarget());
    const first = await store().readMemberChanges(cursor);
    expect(first).toMatchObject({ kind: 'changes', hasMore: true });
    const { changes } = await changesAfter(store(), cursor);
    expect(changes).toHaveLength(MEMBER_CHANGES_PER_READ_MAX + 1);
    expect(new Set(changes.map(({ position }) => position)).size).toBe(changes.length);
    expect(changes.filter(({ state }) => state === 'left').map(({ clientId }) => clientId)).toEqual(
      ids.filter((_, n) => n % 2 === 0),
    );
  });

  it('[GRP-5] whoever has seen a position has seen all before it, whatever the number of writers', async () => {
    const second = await database().openStore();
    const writers = [store(), second, store(), second];
    const rounds = 12;
    let cursor = await cursorOf(store());
    const seen: string[] = [];
    const reader = (async () => {
      while (seen.length < writers.length * rounds) {
        const reading = await changesAfter(store(), cursor);
        seen.push(...reading.changes.map(({ clientId }) => clientId));
        cursor = reading.cursor;
      }
    })();
    const given: string[] = [];
    await Promise.all(
      writers.map(async (writer, index) => {
        const group = `${newTarget()}-${index}`;
        for (let round = 0; round < rounds; round += 1) {
          const clientId = newTarget();
          expect(await join(writer, group, clientId)).toMatchObject({ kind: 'changed' });
          given.push(clientId);
        }
      }),
    );
    await reader;
    expect(seen.toSorted()).toEqual(given.toSorted());
    await second.close();
  });

  it('[GRP-1] [GRP-5] joins and messages of one group have one order: none is missed between head and join', async () => {
    const second = await database().openStore();
    const group = newTarget();
    const joined: { from: number }[] = [];
    await Promise.all([
      publishTo(second, group, 30),
      (async () => {
        for (let n = 0; n < 15; n += 1) {
          const outcome = await join(store(), group, newTarget());
          if (outcome.kind === 'changed') joined.push(...outcome.added);
        }
      })(),
    ]);
    const froms = joined.map(({ from }) => from);
    expect(froms).toHaveLength(15);
    expect(froms).toEqual(froms.toSorted((a, b) => a - b));
    await second.close();
  });

  it('[GRP-6] a cursor of another epoch, or of what was taken back, has the relay read anew', async () => {
    const [group, anna] = [newTarget(), newTarget()];
    await join(store(), group, anna);
    const cursor = await cursorOf(store());
    expect(cursor.mark).toEqual({ groupName: group, clientId: anna, position: cursor.position });
    const restart = { kind: 'restart', reason: 'history-changed' };
    expect(await store().readMemberChanges({ ...cursor, epoch: 'another' })).toEqual(restart);
    const beyond = { ...cursor, position: cursor.position + 1 };
    expect(await store().readMemberChanges(beyond)).toEqual(restart);
    const lost = { ...cursor, mark: { groupName: newTarget(), clientId: anna, position: cursor.position } };
    expect(await store().readMemberChanges(lost)).toEqual(restart);
    await join(store(), group, newTarget());
    const mark = { groupName: group, clientId: anna, position: cursor.position + 1 };
    const replaced = { ...cursor, position: cursor.position + 1, mark };
    expect(await store().readMemberChanges(replaced)).toEqual(restart);
    expect(await store().readMemberChanges(cursor)).toMatchObject({ kind: 'changes' });
  });
}
