import Database from 'libsql';
import { expect, it } from 'vitest';
import { type Ack, ACKS_PER_SAVE_MAX, DEVICES_PER_OPEN_MAX } from '../../src/ack-store.ts';
import type { MessageStore } from '../../src/message-store.ts';
import { type ContractDatabase, newTarget, publish } from '../support/contract-database.ts';
import { connectTo } from '../mysql/support/migrated-database.ts';

const DEVICES_MAX = 100;

/** ACK-2, ACK-4, ACK-5 and ACK-7, as far as every kind answers for them. */
export function describeAcks(store: () => MessageStore, database: () => ContractDatabase): void {
  /** A client whose log has this many messages. */
  async function newClient(messages: number): Promise<string> {
    const clientId = newTarget();
    await write(clientId, messages);
    return clientId;
  }

  async function write(targetId: string, messages: number): Promise<void> {
    if (messages === 0) return;
    await store().append([publish(...Array.from({ length: messages }, () => ({ targetId, message: 'm' })))]);
  }

  const epochNow = async () => (await store().readHeads([])).epoch;

  async function save(clientId: string, offset: number, more: Partial<Ack> = {}): Promise<void> {
    const ack = { clientId, deviceId: undefined, targetId: clientId, epoch: await epochNow(), offset };
    await store().saveAcks([{ ...ack, ...more }]);
  }

  /** Where a device stopped in its client's log. */
  async function open(clientId: string, deviceId: string): Promise<number | undefined> {
    const [device] = await store().openDevices([{ clientId, deviceId, targetIds: [clientId] }]);
    return device?.get(clientId)?.offset;
  }

  async function receipts(targetId: string, limit = 1_000) {
    const { receipts: all } = await store().readReceipts({ targetId, limit });
    return all.map(({ clientId, deviceId, offset }) => [clientId, deviceId, offset]);
  }

  it('[ACK-7] receipts tell who acked up to where and when, in which epoch, with the head', async () => {
    const clientId = await newClient(7);
    const epoch = await epochNow();
    expect(await store().readReceipts({ targetId: clientId, limit: 10 })).toEqual({
      epoch,
      head: 7,
      receipts: [],
    });
    await save(clientId, 3, { deviceId: 'phone' });
    await save(clientId, 5);
    await save(clientId, 6, { deviceId: 'Phone' });
    const answer = await store().readReceipts({ targetId: clientId, limit: 10 });
    const ackedAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(answer).toEqual({
      epoch,
      head: 7,
      receipts: [
        { clientId, deviceId: undefined, epoch, offset: 5, ackedAt },
        { clientId, deviceId: 'Phone', epoch, offset: 6, ackedAt },
        { clientId, deviceId: 'phone', epoch, offset: 3, ackedAt },
      ],
    });
    for (const receipt of answer.receipts) {
      expect(Math.abs(Date.now() - Date.parse(receipt.ackedAt))).toBeLessThan(60_000);
    }
    expect(await receipts(clientId, 2)).toEqual([
      [clientId, undefined, 5],
      [clientId, 'Phone', 6],
    ]);
    const nobody = newTarget();
    expect(await store().readReceipts({ targetId: nobody, limit: 1 })).toEqual({
      epoch,
      head: 0,
      receipts: [],
    });
  });

  it('[ACK-2] an ack is cumulative: a lower one, and the same again, change nothing', async () => {
    const clientId = await newClient(9);
    await save(clientId, 5);
    const first = await store().readReceipts({ targetId: clientId, limit: 1 });
    for (const offset of [4, 0, 5]) await save(clientId, offset);
    expect(await store().readReceipts({ targetId: clientId, limit: 1 })).toEqual(first);
    await save(clientId, 6);
    expect(await receipts(clientId)).toEqual([[clientId, undefined, 6]]);
  });

  it('[ACK-2] acks saved together, twice and in any order, end at the highest', async () => {
    const [one, other] = [await newClient(9), await newClient(9)];
    const epoch = await epochNow();
    const ack = (clientId: string, offset: number, deviceId?: string) => ({
      clientId,
      deviceId,
      targetId: clientId,
      epoch,
      offset,
    });
    const acks = [ack(other, 2, 'tv'), ack(one, 3), ack(one, 8), ack(one, 1, 'tv'), ack(one, 7)];
    await Promise.all([store().saveAcks(acks), store().saveAcks(acks.toReversed())]);
    expect(await receipts(one)).toEqual([
      [one, undefined, 8],
      [one, 'tv', 1],
    ]);
    expect(await receipts(other)).toEqual([[other, 'tv', 2]]);
    await store().saveAcks([]);
  });

  it(`[ACK-3] ${ACKS_PER_SAVE_MAX} acks go together, of two writers at once too`, async () => {
    const clientIds = Array.from({ length: ACKS_PER_SAVE_MAX }, () => newTarget());
    const epoch = await epochNow();
    const acks = (offset: number) =>
      clientIds.map((clientId) => ({ clientId, deviceId: 'd', targetId: clientId, epoch, offset }));
    const second = await database().openStore();
    await Promise.all([store().saveAcks(acks(1)), second.saveAcks(acks(2).toReversed())]);
    await second.close();
    for (const clientId of [clientIds[0]!, clientIds.at(-1)!]) {
      expect(await receipts(clientId)).toEqual([[clientId, 'd', 2]]);
    }
    await expect(store().saveAcks([...acks(3), ...acks(3)])).rejects.toThrow(RangeError);
  });

  it('[ACK-4] a device goes on from its last ack, whatever others of the client acked', async () => {
    const clientId = await newClient(9);
    await save(clientId, 2, { deviceId: 'tablet' });
    await save(clientId, 8, { deviceId: 'phone' });
    await save(clientId, 5);
    expect(await open(clientId, 'tablet')).toBe(2);
    expect(await open(clientId, 'phone')).toBe(8);
    expect(await open(clientId, 'Tablet')).toBe(9);
  });

  it('[ACK-4] a device that never acked goes on from the head that it found first', async () => {
    const clientId = await newClient(4);
    expect(await open(clientId, 'tv')).toBe(4);
    await write(clientId, 3);
    expect(await open(clientId, 'tv')).toBe(4);
    expect(await receipts(clientId)).toEqual([]);
    await save(clientId, 3, { deviceId: 'tv' }); // lower than its baseline
    expect([await open(clientId, 'tv'), await receipts(clientId)]).toEqual([4, []]);
    await save(clientId, 4, { deviceId: 'tv' });
    expect([await open(clientId, 'tv'), await receipts(clientId)]).toEqual([4, [[clientId, 'tv', 4]]]);
  });

  it('[ACK-4] several devices and targets are opened together, each with its epoch', async () => {
    const [one, other] = [await newClient(3), await newClient(5)];
    const epoch = await epochNow();
    await save(one, 1, { deviceId: 'a' });
    const opened = await store().openDevices([
      { clientId: other, deviceId: 'a', targetIds: [other] },
      { clientId: one, deviceId: 'a', targetIds: [one, other] },
      { clientId: one, deviceId: 'b', targetIds: [] },
    ]);
    expect(opened).toEqual([
      new Map([[other, { epoch, offset: 5 }]]),
      new Map([
        [one, { epoch, offset: 1 }],
        [other, { epoch, offset: 5 }],
      ]),
      new Map(),
    ]);
    expect(await store().openDevices([])).toEqual([]);
  });

  it('[FOL-2] a log without a baseline has a position only once the device has acked it', async () => {
    const clientId = await newClient(3);
    const group = await newClient(7);
    const epoch = await epochNow();
    const opening = { clientId, deviceId: 'tv', targetIds: [clientId], targetIdsWithoutBaseline: [group] };
    const own: [string, object] = [clientId, { epoch, offset: 3 }];
    expect(await store().openDevices([opening])).toEqual([new Map([own])]);
    await store().saveAcks([{ clientId, deviceId: 'tv', targetId: group, epoch, offset: 2 }]);
    expect(await store().openDevices([opening])).toEqual([new Map([own, [group, { epoch, offset: 2 }]])]);
    expect(await store().openDevices([{ ...opening, deviceId: 'radio' }])).toEqual([new Map([own])]);
  });

  it('[ACK-4] two relays that open a device at once store one baseline', async () => {
    const second = await database().openStore();
    for (let round = 0; round < 10; round += 1) {
      const clientId = await newClient(1);
      const opening = [{ clientId, deviceId: 'd', targetIds: [clientId] }];
      const [, ...opened] = await Promise.all([
        write(clientId, 1),
        store().openDevices(opening),
        second.openDevices(opening),
      ]);
      const offsets = opened.map(([device]) => device?.get(clientId)?.offset);
      expect(offsets[0]).toBe(offsets[1]);
    }
    await second.close();
  });

  it('[ACK-5] of more than 100 devices of a client the longest unused is dropped', async () => {
    const clientId = await newClient(1);
    const names = Array.from({ length: DEVICES_MAX }, (_, index) => `d${String(index).padStart(3, '0')}`);
    for (const name of names) await save(clientId, 0, { deviceId: name });
    await save(clientId, 1); // without a device: not counted
    await open(clientId, 'd000'); // used again, so d001 is the longest unused now
    await nextMillisecond();
    expect(await open(clientId, 'one-more')).toBe(1);
    await save(clientId, 0, { deviceId: 'd002' }); // an ack is a use too
    await nextMillisecond();
    await save(clientId, 0, { deviceId: 'and-another' });
    const kept = (await receipts(clientId)).map(([, deviceId]) => deviceId);
    expect(kept).not.toContain('d001');
    expect(kept).not.toContain('d003');
    expect(kept).toEqual(expect.arrayContaining([undefined, 'd000', 'd002', 'd004', 'and-another']));
    expect(kept).toHaveLength(DEVICES_MAX); // one of them is the one without a device; one-more never acked
    await write(clientId, 1);
    expect(await open(clientId, 'd001')).toBe(2); // it begins anew
  });

  it('[ACK-2] [ACK-6] an ack of the current epoch replaces one of another; one of another is not stored', async () => {
    const clientId = await newClient(9);
    const before = await epochNow();
    await save(clientId, 8, { deviceId: 'phone' });
    await save(clientId, 3, { deviceId: 'tablet' });
    await changeEpoch(database());
    const now = await epochNow();
    expect(now).not.toBe(before);
    const position = async (deviceId: string) => {
      const [device] = await store().openDevices([{ clientId, deviceId, targetIds: [clientId] }]);
      return device?.get(clientId);
    };
    expect(await position('phone')).toEqual({ epoch: before, offset: 8 });
    await save(clientId, 2, { deviceId: 'phone' });
    expect(await position('phone')).toEqual({ epoch: now, offset: 2 });
    await save(clientId, 9, { deviceId: 'phone', epoch: before });
    await save(clientId, 9, { deviceId: 'phone', epoch: 'one-that-never-was' });
    expect(await position('phone')).toEqual({ epoch: now, offset: 2 });
    expect(await position('tablet')).toEqual({ epoch: before, offset: 3 });
    await save(clientId, 5, { deviceId: 'tablet', epoch: before });
    expect(await position('tablet')).toEqual({ epoch: before, offset: 3 });
    await save(clientId, 5, { deviceId: 'new', epoch: before });
    expect(await position('new')).toEqual({ epoch: now, offset: 9 });
  });

  it('[ACK-1] what a database could take for something else is refused', async () => {
    const clientId = newTarget();
    for (const deviceId of ['', 'a b', 'a ', 'é', 'x'.repeat(65), 'a:b']) {
      await expect(save(clientId, 1, { deviceId })).rejects.toThrow(RangeError);
      await expect(open(clientId, deviceId)).rejects.toThrow(RangeError);
    }
    for (const offset of [-1, 0.5, NaN, 2 ** 53]) {
      await expect(save(clientId, offset)).rejects.toThrow(RangeError);
    }
    for (const epoch of ['', 'e ', 'x'.repeat(65)])
      await expect(save(clientId, 1, { epoch })).rejects.toThrow(RangeError);
    await expect(save('a b', 1)).rejects.toThrow(RangeError);
    await expect(save(clientId, 1, { targetId: 'group:' })).rejects.toThrow(RangeError);
    await expect(store().readReceipts({ targetId: clientId, limit: 0 })).rejects.toThrow(RangeError);
    await expect(store().readReceipts({ targetId: 'a ', limit: 1 })).rejects.toThrow(RangeError);
    const openings = Array.from({ length: DEVICES_PER_OPEN_MAX + 1 }, () => {
      return { clientId, deviceId: 'd', targetIds: [] };
    });
    await expect(store().openDevices(openings)).rejects.toThrow(RangeError);
    expect(await receipts(clientId)).toEqual([]);
  });

  it('[LOG-8] a closed store takes no acks', async () => {
    const other = await database().openStore();
    await other.close();
    const unavailable = { code: 'store_unavailable' };
    const ack = { clientId: '1', deviceId: undefined, targetId: '1', epoch: 'e', offset: 0 };
    await expect(other.saveAcks([ack])).rejects.toMatchObject(unavailable);
    await expect(other.openDevices([])).rejects.toMatchObject(unavailable);
    await expect(other.readReceipts({ targetId: '1', limit: 1 })).rejects.toMatchObject(unavailable);
  });
}

/** SQLite's clock has milliseconds: two uses within one are in no order. */
function nextMillisecond(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 2);
  });
}

/** As after a backup was restored. */
async function changeEpoch({ kind, location }: ContractDatabase): Promise<void> {
  const sql = "UPDATE log_epoch SET epoch = 'another-one'";
  if (kind === 'sqlite') {
    const file = new Database(location);
    file.exec(sql);
    file.close();
  } else {
    const connection = await connectTo(location);
    await connection.query(sql);
    await connection.end();
  }
}
