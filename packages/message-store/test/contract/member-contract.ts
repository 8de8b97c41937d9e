import { GROUPS_PER_CLIENT_MAX } from '@postline/protocol';
import { expect, it } from 'vitest';
import { CLIENTS_PER_MEMBERSHIPS_READ_MAX, MEMBERS_PER_CHANGE_MAX } from '../../src/member-store.ts';
import type { MessageStore } from '../../src/message-store.ts';
import { type ContractDatabase, newTarget } from '../support/contract-database.ts';
import { change, changeOne, changesAfter, cursorOf, join, leave, publishTo } from '../support/members.ts';

/** GRP-1 to GRP-7, as far as every kind answers for them. */
export function describeMembers(store: () => MessageStore, database: () => ContractDatabase): void {
  describeJoining(store);
  describeLists(store);
  describeLimits(store, database);
}

function describeJoining(store: () => MessageStore): void {
  it('[GRP-1] a member begins at the head, at the beginning, or some messages before the head', async () => {
    const group = newTarget();
    await publishTo(store(), group, 3);
    const [now, all, last, more] = [newTarget(), newTarget(), newTarget(), newTarget()];
    const { outcomes, position } = await store().changeMembers([
      change(group, { add: [now] }),
      change(group, { add: [all], history: 'all' }),
      change(group, { add: [last], history: { last: 2 } }),
      change(group, { add: [more], history: { last: 9 } }),
    ]);
    const added = outcomes.flatMap((outcome) => (outcome.kind === 'changed' ? outcome.added : []));
    expect(added.map(({ clientId, from, isNew }) => [clientId, from, isNew])).toEqual([
      [now, 3, true],
      [all, 0, true],
      [last, 1, true],
      [more, 0, true],
    ]);
    for (const { since } of added) expect(Math.abs(Date.parse(since) - Date.now())).toBeLessThan(60_000);
    expect(position).toBe((await cursorOf(store())).position);
    const unwritten = newTarget();
    expect(await join(store(), unwritten, now)).toMatchObject({ added: [{ from: 0 }] });
    expect((await store().readMemberships([now])).groups.get(now)).toHaveLength(2);
  });

  it('[GRP-2] the first join stands; who left and joins again begins anew; nothing changes twice', async () => {
    const [group, anna, ben] = [newTarget(), newTarget(), newTarget()];
    const first = await join(store(), group, anna);
    await publishTo(store(), group, 2);
    const again = await store().changeMembers([change(group, { add: [anna, ben], history: 'all' })]);
    const known = first.kind === 'changed' ? first.added[0]! : undefined;
    expect(again.outcomes).toMatchObject([
      {
        added: [
          { ...known, isNew: false },
          { clientId: ben, from: 0, isNew: true },
        ],
      },
    ]);
    expect((await store().changeMembers([change(group, { add: [anna] })])).position).toBeUndefined();
    expect(await leave(store(), group, anna, newTarget())).toMatchObject({ added: [], removed: [anna] });
    expect(await leave(store(), group, anna)).toMatchObject({ removed: [] });
    expect(await store().readMembership({ groupName: group, clientId: anna })).toBeUndefined();
    expect(await join(store(), group, anna)).toMatchObject({ added: [{ from: 2, isNew: true }] });
    expect(await store().readMembership({ groupName: group, clientId: anna })).toMatchObject({ from: 2 });
  });

  it('[GRP-2] changes of one call take effect one after the other', async () => {
    const [group, anna] = [newTarget(), newTarget()];
    const before = await cursorOf(store());
    const { outcomes } = await store().changeMembers([
      change(group, { add: [anna] }),
      change(group, { add: [anna] }),
      change(group, { remove: [anna] }),
      change(group, { remove: [anna] }),
    ]);
    expect(outcomes).toMatchObject([
      { added: [{ isNew: true }] },
      { added: [{ isNew: false }] },
      { removed: [anna] },
      { removed: [] },
    ]);
    expect((await changesAfter(store(), before)).changes).toEqual([]);
  });
}

function describeLists(store: () => MessageStore): void {
  it('[GRP-7] members and groups are listed in byte order, in pages; ids compare as bytes', async () => {
    const group = newTarget();
    const ids = ['Bob', 'bob', '-b', 'b+b', 'b~b', 'b|b', '_b', 'B', 'b', 'b.b'].map(
      (id) => `${id}-${group}`,
    );
    const sorted = ids.toSorted((a, b) => (a < b ? -1 : 1));
    await join(store(), group, ...ids);
    await join(store(), `${group}x`, ids[0]!);
    const pages: string[] = [];
    for (let after = ''; ; ) {
      const page = await store().readMembers({ groupName: group, afterClientId: after, limit: 3 });
      pages.push(...page.map(({ clientId }) => clientId));
      if (page.length < 3) break;
      after = page.at(-1)!.clientId;
    }
    expect(pages).toEqual(sorted);
    await leave(store(), group, sorted[1]!);
    const two = await store().readMembers({ groupName: group, afterClientId: '', limit: 2 });
    expect(two.map(({ clientId }) => clientId)).toEqual([sorted[0], sorted[2]]);
    expect(await store().readMembers({ groupName: newTarget(), afterClientId: '', limit: 2 })).toEqual([]);

    const anna = newTarget();
    const names = ['.dot', '~a', 'A', 'a', '+', '@'].map((name) => `${name}${group}`);
    for (const name of names) await join(store(), name, anna);
    const read = (afterGroupName: string, limit: number) =>
      store().readGroupsOfClient({ clientId: anna, afterGroupName, limit });
    const all = await read('', 100);
    const inOrder = names.toSorted((a, b) => (a < b ? -1 : 1));
    expect(all.map(({ groupName }) => groupName)).toEqual(inOrder);
    expect((await read(inOrder[1]!, 2)).map(({ groupName }) => groupName)).toEqual(inOrder.slice(2, 4));
    expect(all[0]).toEqual({ groupName: inOrder[0], from: 0, since: expect.stringMatching(/^\d.*Z$/) });
    expect(await read(inOrder.at(-1)!, 2)).toEqual([]);
  });

  it('[GRP-7] what is no name, no client or too much is refused', async () => {
    const group = newTarget();
    for (const bad of ['', 'a b', 'bób', 'x'.repeat(123), 'a/b', 'a\n']) {
      await expect(join(store(), bad, 'anna')).rejects.toThrow(RangeError);
      await expect(store().readMembers({ groupName: bad, afterClientId: '', limit: 1 })).rejects.toThrow(
        RangeError,
      );
    }
    for (const bad of ['', 'bob ', 'group:x', '__proto__', '.a', 'x'.repeat(129)]) {
      await expect(join(store(), group, bad)).rejects.toThrow(RangeError);
      await expect(store().readMemberships([bad])).rejects.toThrow(RangeError);
    }
    await expect(join(store(), group, 'a', 'a')).rejects.toThrow(RangeError);
    await expect(changeOne(store(), change(group, { add: ['a'], remove: ['a'] }))).rejects.toThrow(
      RangeError,
    );
    const many = Array.from({ length: MEMBERS_PER_CHANGE_MAX + 1 }, (_, n) => `c${n}`);
    await expect(join(store(), group, ...many)).rejects.toThrow(RangeError);
    const clients = many.slice(0, CLIENTS_PER_MEMBERSHIPS_READ_MAX + 1);
    await expect(store().readMemberships(clients)).rejects.toThrow(RangeError);
    expect(await store().readMembers({ groupName: group, afterClientId: '', limit: 9 })).toEqual([]);
    expect(await join(store(), `${'n'.repeat(113)}-${group}`.slice(0, 122), 'x'.repeat(128))).toMatchObject({
      kind: 'changed',
    });
  });
}

function describeLimits(store: () => MessageStore, database: () => ContractDatabase): void {
  it('[GRP-3] [GRP-4] beyond the limit of groups for a client nothing of a change is stored, and its neighbours are', async () => {
    const [prefix, full, free, group] = [newTarget(), newTarget(), newTarget(), newTarget()];
    const names = Array.from({ length: GROUPS_PER_CLIENT_MAX }, (_, n) => `${prefix}-${n}`);
    await store().changeMembers(names.map((name) => change(name, { add: [full] })));
    const { outcomes } = await store().changeMembers([
      change(group, { add: [free, full] }),
      change(`${group}-2`, { add: [free] }),
      change(names[0]!, { add: [full] }),
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'too-many-groups', clientIds: [full] },
      { kind: 'changed', added: [{ clientId: free }] },
      { kind: 'changed', added: [{ clientId: full, isNew: false }] },
    ]);
    expect(await store().readMembers({ groupName: group, afterClientId: '', limit: 9 })).toEqual([]);
    const { outcomes: exchanged } = await store().changeMembers([
      change(names[0]!, { remove: [full] }),
      change(group, { add: [full] }),
      change(`${group}-2`, { add: [full] }),
    ]);
    expect(exchanged.map(({ kind }) => kind)).toEqual(['changed', 'changed', 'too-many-groups']);
    const groups = (await store().readMemberships([full])).groups.get(full);
    expect(groups).toHaveLength(GROUPS_PER_CLIENT_MAX);
  });

  it('[GRP-4] the limit holds where two stores add the same client to many groups at once', async () => {
    const [prefix, anna] = [newTarget(), newTarget()];
    const room = 5;
    const names = Array.from({ length: GROUPS_PER_CLIENT_MAX - room }, (_, n) => `${prefix}-${n}`);
    await store().changeMembers(names.map((name) => change(name, { add: [anna] })));
    const second = await database().openStore();
    const joins = Array.from({ length: 4 * room }, (_, n) =>
      join(n % 2 === 0 ? store() : second, `${prefix}-more-${n}`, anna),
    );
    const kinds = (await Promise.all(joins)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'changed')).toHaveLength(room);
    expect(kinds.filter((kind) => kind === 'too-many-groups')).toHaveLength(3 * room);
    await second.close();
  });
}
