import { expect, it } from 'vitest';
import type { KnownRow } from '../../src/history.ts';
import type { AppendedMessage } from '../../src/message-store.ts';
import type { ReaderCursor } from '../../src/rules/stream-start.ts';
import { appendOne, newTarget } from '../support/contract-database.ts';
import type { EpochDatabase } from './epoch-contract.ts';

/** How a log looks to whoever compares what was seen, and what becomes of a doubt. */
export function describeHistory(open: () => EpochDatabase): void {
  const append = async (targetId: string, count: number): Promise<AppendedMessage[]> => {
    const messages: AppendedMessage[] = [];
    for (let index = 0; index < count; index += 1)
      messages.push(await appendOne(open().store, { targetId, message: `${index}` }));
    return messages;
  };
  const seen = ({ targetId, offset, id, createdAt }: AppendedMessage): KnownRow => ({
    targetId,
    offset,
    mark: { id, createdAt },
  });
  /** As a failover to a server that lacks the last commits does. */
  const takeBack = async (targetId: string, head: number) => {
    await open().run(`DELETE FROM messages WHERE target_id = '${targetId}' AND \`offset\` > ${head}`);
    await open().run(`UPDATE targets SET head = ${head} WHERE target_id = '${targetId}'`);
  };
  /** As if all of a target had been written a while ago. */
  const age = (targetId: string, upTo: number, time: string) =>
    open().run(
      `UPDATE messages SET created_at = '${time}' WHERE target_id = '${targetId}' AND \`offset\` <= ${upTo}`,
    );
  const settle = async (rows: readonly KnownRow[], sharedUntilMs = Date.now()) => {
    const { epoch } = await open().store.readHeads([]);
    return await open().store.settleHistory({ epoch, rows, sharedUntilMs });
  };
  /** The command ends the wait that lies between two epochs without it. */
  const forgetReplaced = () => open().begin();
  const startsOf = (...cursors: readonly ReaderCursor[]) => open().store.readStreamStarts(cursors);

  it('[EPO-4] heads come with the row that stands there, places with theirs', async () => {
    const targetId = newTarget();
    const rows = await append(targetId, 3);
    const { heads, databaseTimeMs } = await open().store.readHeads([targetId]);
    const { id, createdAt } = rows[2]!;
    expect(heads.get(targetId)).toMatchObject({ head: 3, mark: { id, createdAt } });
    expect(Math.abs(databaseTimeMs - Date.now())).toBeLessThan(60_000);
    const places = [2, 4, 1].map((offset) => ({ targetId, offset }));
    const marks = await open().store.readMarks([...places, { targetId: newTarget(), offset: 1 }]);
    expect(marks.map((mark) => mark?.id)).toEqual([rows[1]!.id, undefined, rows[0]!.id, undefined]);
    expect(await open().store.readMarks([])).toEqual([]);
  });

  it('[EPO-4] the row at a place is told whatever row was seen there: the same, another, or one that never was', async () => {
    const targetId = newTarget();
    const rows = await append(targetId, 2);
    const [first, second] = rows.map(({ id, createdAt }) => ({ id, createdAt }));
    const marksSeen = [
      first,
      second,
      { ...first!, createdAt: 'then' },
      { id: 'none', createdAt: '' },
      undefined,
    ];
    const marks = await open().store.readMarks(marksSeen.map((mark) => ({ targetId, offset: 1, mark })));
    expect(marks).toEqual(marksSeen.map(() => first));
    const elsewhere = [3, 2].map((offset) => ({ targetId, offset, mark: first }));
    expect(await open().store.readMarks(elsewhere)).toEqual([undefined, second]);
  });

  it('[EPO-4] rows that are as they were seen, or deleted by retention, settle a doubt', async () => {
    const targetId = newTarget();
    const rows = await append(targetId, 3);
    expect(await settle(rows.map(seen))).toEqual({ kind: 'unchanged' });
    await open().run(`DELETE FROM messages WHERE target_id = '${targetId}'`);
    expect(await settle(rows.map(seen))).toEqual({ kind: 'unchanged' });
    expect(await settle([])).toEqual({ kind: 'unchanged' });
  });

  it('[EPO-4] an epoch that was begun by somebody else is told', async () => {
    const before = await open().store.readHeads([]);
    const { epoch } = await open().begin();
    expect(
      await open().store.settleHistory({ epoch: before.epoch, rows: [], sharedUntilMs: Date.now() }),
    ).toEqual({ kind: 'epoch-changed', epoch });
  });

  it.each([
    ['a head below what was seen', 0],
    ['another row in its place', 3],
  ])('[EPO-4] %s begins a new epoch, once for all who notice', async (_what, appended) => {
    await forgetReplaced();
    const targetId = newTarget();
    const rows = await append(targetId, 3);
    const { epoch: previous } = await open().store.readHeads([]);
    await takeBack(targetId, 1);
    await append(targetId, appended);
    const doubt = { epoch: previous, rows: [seen(rows[2]!)], sharedUntilMs: Date.now() };
    const findings = await Promise.all([
      open().store.settleHistory(doubt),
      open().store.settleHistory(doubt),
    ]);
    expect(findings.map(({ kind }) => kind).sort()).toEqual(['epoch-begun', 'epoch-changed']);
    const { epoch } = await open().store.readHeads([]);
    expect(findings.map((finding) => 'epoch' in finding && finding.epoch)).toEqual([epoch, epoch]);
    expect(epoch).not.toBe(previous);
  });

  it('[EPO-5] readers of the replaced epoch start over after what is older than the last moment that was shared', async () => {
    await forgetReplaced();
    const { store } = open();
    const targetId = newTarget();
    const old = await append(targetId, 5);
    const { epoch: replaced } = await store.readHeads([]);
    await age(targetId, 3, '2026-01-02 03:04:05.678');
    await takeBack(targetId, 4);
    await append(targetId, 4);
    const finding = await settle([seen(old[4]!)]);
    expect(finding).toMatchObject({ kind: 'epoch-begun' });
    const until = finding.kind === 'epoch-begun' ? Date.parse(finding.certainUntil) : NaN;
    expect(Date.now() - until).toBeGreaterThan(295_000);
    expect(Date.now() - until).toBeLessThan(360_000);
    const { epoch } = await store.readHeads([]);
    const at = (offset: number, of = replaced): ReaderCursor => ({
      targetId,
      offset,
      epoch: of,
      mark: undefined,
    });
    const starts = await startsOf(at(5), at(8), at(2), at(4, 'before that'), at(7, epoch), at(9, epoch));
    expect(starts.map(({ offset, recovered }) => [offset, recovered])).toEqual([
      [3, false],
      [3, false],
      [2, false],
      [0, false],
      [7, true],
      [0, false],
    ]);
    expect(starts[0]).toMatchObject({ epoch, head: 8 });
  });

  it('[EPO-5] the command forgets what was replaced, and its own rule holds', async () => {
    const targetId = newTarget();
    const rows = await append(targetId, 3);
    await takeBack(targetId, 2);
    await forgetReplaced();
    const { epoch: replaced } = await open().store.readHeads([]);
    await append(targetId, 1);
    await takeBack(targetId, 2);
    expect(await settle([seen(rows[2]!)])).toMatchObject({ kind: 'epoch-begun' });
    await open().begin();
    const [start] = await startsOf({ targetId, offset: 3, epoch: replaced, mark: undefined });
    expect(start).toMatchObject({ offset: 2, head: 2, recovered: false });
  });

  it('[EPO-4] a second epoch without the command waits, so that nobody can make readers start over all the time', async () => {
    await forgetReplaced();
    const targetId = newTarget();
    const rows = await append(targetId, 3);
    await takeBack(targetId, 2);
    expect(await settle([seen(rows[2]!)])).toMatchObject({ kind: 'epoch-begun' });
    await takeBack(targetId, 1);
    expect(await settle([seen(rows[1]!)])).toEqual({ kind: 'too-soon' });
  });

  it('[DEL-4] a cursor whose row is another one now starts over, and only then', async () => {
    const targetId = newTarget();
    const rows = await append(targetId, 3);
    const { epoch } = await open().store.readHeads([]);
    const at = (offset: number, mark: KnownRow['mark']) => ({ targetId, offset, epoch, mark });
    const { id, createdAt } = rows[1]!;
    const starts = await startsOf(
      at(2, { id, createdAt }),
      at(2, { id, createdAt: '2026-01-01T00:00:00.000Z' }),
      at(2, { id: `${id}0`, createdAt }),
      at(2, undefined),
    );
    expect(starts.map(({ recovered, offset }) => [recovered, offset])).toEqual([
      [true, 2],
      [false, 0],
      [false, 0],
      [true, 2],
    ]);
    await open().run(`DELETE FROM messages WHERE target_id = '${targetId}' AND \`offset\` <= 2`);
    const [gone] = await startsOf(at(2, { id: `${id}0`, createdAt }));
    expect(gone).toMatchObject({ recovered: true, offset: 2 });
  });

  it('a place that can be in no log is refused before the database sees it', async () => {
    const { store } = open();
    await expect(store.readMarks([{ targetId: 'no space', offset: 1 }])).rejects.toThrow(RangeError);
    await expect(store.readMarks([{ targetId: '1', offset: -1 }])).rejects.toThrow(RangeError);
    const many = Array.from({ length: 1_025 }, () => ({ targetId: '1', offset: 1 }));
    await expect(store.readMarks(many)).rejects.toThrow(RangeError);
  });
}
