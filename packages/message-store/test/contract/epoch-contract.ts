import { expect, it } from 'vitest';
import type { MemberUpkeep } from '../../src/member-store.ts';
import type { MessageStore } from '../../src/message-store.ts';
import type { NewEpoch, NewEpochOptions } from '../../src/new-epoch.ts';
import { appendOne, newTarget } from '../support/contract-database.ts';

export interface EpochDatabase {
  readonly store: MessageStore & MemberUpkeep;
  readonly begin: (options?: NewEpochOptions) => Promise<NewEpoch>;
  /** Runs a statement that both kinds of database understand. */
  readonly run: (sql: string) => Promise<unknown>;
}

/** What beginning a new epoch does to a database. */
export function describeNewEpoch(open: () => EpochDatabase): void {
  const headOf = async (targetId: string) => {
    const { epoch, heads } = await open().store.readHeads([targetId]);
    return { epoch, ...heads.get(targetId) };
  };

  it('[EPO-1] a new epoch starts at each target’s head; nothing else changes, and offsets go on', async () => {
    const { store, begin } = open();
    const targetId = newTarget();
    await appendOne(store, { targetId, message: 'a' });
    await appendOne(store, { targetId, message: 'b' });
    const before = await headOf(targetId);
    const result = await begin();
    expect(result).toMatchObject({ previousEpoch: before.epoch, repairedCount: 0 });
    expect(result.epoch).not.toBe(before.epoch);
    expect(await headOf(targetId)).toMatchObject({ epoch: result.epoch, head: 2, epochStart: 2 });
    expect(await appendOne(store, { targetId, message: 'c' })).toMatchObject({ offset: 3 });
    const { messages } = await store.readLog({ targetId, afterOffset: 0, limit: 10 });
    expect(messages.map(({ message }) => message)).toEqual(['a', 'b', 'c']);
    expect((await begin()).previousEpoch).toBe(result.epoch);
    expect(await headOf(targetId)).toMatchObject({ head: 3, epochStart: 3 });
  });

  it('[EPO-2] with the time of the restoration, what has come in since is of the new epoch', async () => {
    const { store, begin } = open();
    const [both, old, young, trimmed] = [newTarget(), newTarget(), newTarget(), newTarget()];
    for (const targetId of [both, old, trimmed]) await appendOne(store, { targetId, message: 'before' });
    const last = await appendOne(store, { targetId: both, message: 'before' });
    const restoredAt = new Date(Date.parse(last.createdAt) + 1);
    while (Date.now() <= restoredAt.getTime() + 1) await new Promise((resolve) => setTimeout(resolve, 2));
    for (const targetId of [both, young, trimmed]) await appendOne(store, { targetId, message: 'since' });
    await open().run(`DELETE FROM messages WHERE target_id = '${trimmed}' AND message = 'before'`);
    await begin({ restoredAt });
    expect(await headOf(both)).toMatchObject({ head: 3, epochStart: 2 });
    expect(await headOf(old)).toMatchObject({ head: 1, epochStart: 1 });
    expect(await headOf(young)).toMatchObject({ head: 1, epochStart: 0 });
    expect(await headOf(trimmed)).toMatchObject({ head: 2, epochStart: 1 });
  });

  it('[EPO-3] counters that are missing or behind their rows are repaired', async () => {
    const { store, begin } = open();
    const [missing, behind, ahead] = [newTarget(), newTarget(), newTarget()];
    for (const targetId of [missing, behind, ahead]) {
      await appendOne(store, { targetId, message: 'a' });
      await appendOne(store, { targetId, message: 'b' });
    }
    await open().run(`DELETE FROM targets WHERE target_id = '${missing}'`);
    await open().run(`UPDATE targets SET head = 1 WHERE target_id = '${behind}'`);
    await open().run(`DELETE FROM messages WHERE target_id = '${ahead}'`);
    expect(await begin()).toMatchObject({ repairedCount: 2 });
    for (const targetId of [missing, behind, ahead]) {
      expect(await headOf(targetId)).toMatchObject({ head: 2, epochStart: 2 });
      expect(await appendOne(store, { targetId, message: 'c' })).toMatchObject({ offset: 3 });
    }
  });
}
