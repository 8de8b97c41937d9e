import { expect, it } from 'vitest';
import { waitUntil } from '@postline/test-support';
import { type LogTrimmer, type RetentionRule, TRIMMED_ROWS_MAX } from '../../src/log-trimmer.ts';
import type { MessageStore } from '../../src/message-store.ts';
import {
  appended,
  type ContractDatabase,
  newTarget,
  publish,
  readTexts,
} from '../support/contract-database.ts';

const NO_RULE: RetentionRule = { secondsMax: undefined, messagesPerTargetMax: undefined };

/** Steps through all targets; how many rows each step deleted. */
async function trimAll(store: LogTrimmer, rule: Partial<RetentionRule>): Promise<number[]> {
  const counts: number[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const step: Awaited<ReturnType<LogTrimmer['deleteOldest']>> = await store.deleteOldest({
      ...NO_RULE,
      ...rule,
      afterTargetId: after,
    });
    if (step.kind === 'busy') throw new Error('busy');
    counts.push(step.deletedCount);
    after = step.nextAfter;
  }
  return counts;
}

/** What the retention rule may and may not delete. */
export function describeRetention(
  store: () => MessageStore & LogTrimmer,
  database: () => ContractDatabase,
): void {
  const appendNumbers = async (targetId: string, count: number) => {
    const messages = Array.from({ length: count }, (_, index) => ({ targetId, message: String(index + 1) }));
    return appended((await store().append([publish(...messages)]))[0]);
  };
  const stepFor = (targetId: string, rule: Partial<RetentionRule>) =>
    // The target alone: its id with the last character lowered comes right before it in any database of this suite.
    store().deleteOldest({ ...NO_RULE, ...rule, afterTargetId: targetId.slice(0, -1) });

  it('[RET-1] without a rule nothing is deleted', async () => {
    const targetId = newTarget();
    await appendNumbers(targetId, 3);
    expect((await trimAll(store(), {})).every((count) => count === 0)).toBe(true);
    expect(await readTexts(store(), targetId)).toEqual(['1', '2', '3']);
  });

  it('[RET-2] by count: of each target the newest are kept, head and offsets go on', async () => {
    const [long, short] = [newTarget(), newTarget()];
    await appendNumbers(long, 30);
    await appendNumbers(short, 3);
    await trimAll(store(), { messagesPerTargetMax: 10 });
    const { messages, head } = await store().readLog({ targetId: long, afterOffset: 0, limit: 100 });
    expect(head).toBe(30);
    expect(messages.map(({ offset }) => offset)).toEqual(
      Array.from({ length: 10 }, (_, index) => index + 21),
    );
    expect(await readTexts(store(), short)).toEqual(['1', '2', '3']);
    const [next] = await appendNumbers(long, 1);
    expect(next?.offset).toBe(31);
  });

  it('[LOG-16] a read back says where the log begins now if it would have read what was deleted', async () => {
    const targetId = newTarget();
    await appendNumbers(targetId, 30);
    await stepFor(targetId, { messagesPerTargetMax: 10 });
    const read = async (beforeOffset: number | undefined, limit: number, afterOffset = 0) => {
      const query = { targetId, beforeOffset, afterOffset, limit };
      const { messages, truncatedBefore } = await store().readEarlierLog(query);
      return [messages.map(({ offset }) => offset), truncatedBefore];
    };
    expect(await read(24, 5)).toEqual([[21, 22, 23], 21]);
    expect(await read(24, 3)).toEqual([[21, 22, 23], undefined]);
    expect(await read(21, 3)).toEqual([[], 21]);
    expect(await read(5, 3)).toEqual([[], 21]);
    expect(await read(5, 3, 25)).toEqual([[], 26]);
    expect(await read(1, 3)).toEqual([[], undefined]);
    expect(await read(undefined, 3)).toEqual([[28, 29, 30], undefined]);
  });

  it('[RET-2] by age: what is older goes, also where that is all of it; the counter stays', async () => {
    const targetId = newTarget();
    await appendNumbers(targetId, 5);
    expect(await trimAll(store(), { secondsMax: 3_600 })).toEqual(expect.arrayContaining([0]));
    expect(await readTexts(store(), targetId)).toHaveLength(5);
    await waitUntil('the messages are older than a second', async () => {
      await trimAll(store(), { secondsMax: 1 });
      return (await readTexts(store(), targetId)).length === 0;
    });
    const { head, messages } = await store().readLog({ targetId, afterOffset: 0, limit: 10 });
    expect({ head, messages }).toEqual({ head: 5, messages: [] });
    const [next] = await appendNumbers(targetId, 1);
    expect(next?.offset).toBe(6);
  });

  it(`[RET-3] no step deletes more than ${TRIMMED_ROWS_MAX}, and what is left at any time is the newest part`, async () => {
    const targetId = newTarget();
    for (let round = 0; round < 3; round += 1) await appendNumbers(targetId, 500);
    const sizes: number[] = [];
    for (;;) {
      const step = await stepFor(targetId, { messagesPerTargetMax: 100 });
      const { messages } = await store().readLog({ targetId, afterOffset: 0, limit: 2_000 });
      const offsets = messages.map(({ offset }) => offset);
      expect(offsets).toEqual(
        Array.from({ length: offsets.length }, (_, index) => 1_501 - offsets.length + index),
      );
      if (step.kind === 'trimmed') expect(step.deletedCount).toBeLessThanOrEqual(TRIMMED_ROWS_MAX);
      sizes.push(offsets.length);
      if (offsets.length === 100) break;
    }
    expect(sizes).toContain(1_000);
  });

  it('[RET-3] two that delete at once delete nothing that the rule keeps', async () => {
    const targetIds = Array.from({ length: 5 }, () => newTarget());
    for (const targetId of targetIds) await appendNumbers(targetId, 400);
    const second = await database().openStore();
    const steps = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? store() : second).deleteOldest({
          ...NO_RULE,
          messagesPerTargetMax: 50,
          afterTargetId: '',
        }),
      ),
    );
    expect(steps.some(({ kind }) => kind === 'trimmed')).toBe(true);
    await trimAll(store(), { messagesPerTargetMax: 50 });
    await second.close();
    for (const targetId of targetIds) {
      const { messages } = await store().readLog({ targetId, afterOffset: 0, limit: 500 });
      expect(messages.map(({ offset }) => offset)).toEqual(
        Array.from({ length: 50 }, (_, index) => index + 351),
      );
    }
  });

  it('a rule that keeps nothing is a mistake', async () => {
    for (const rule of [{ secondsMax: 0 }, { messagesPerTargetMax: 0 }, { secondsMax: 1.5 }]) {
      const step = store().deleteOldest({ ...NO_RULE, ...rule, afterTargetId: '' });
      await expect(step).rejects.toThrow(RangeError);
    }
  });
}
