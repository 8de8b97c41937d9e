import type { MessageStore } from '@postline/message-store';
import { describe, expect, it } from 'vitest';
import { messageWay, readStoredWay, type WayPart } from '../../src/operations/message-way.ts';

const CREATED_AT = '2026-11-23T00:00:00.000Z';

function storeWith(offsets: readonly number[], head: number): Pick<MessageStore, 'readLog' | 'readReceipts'> {
  const receipt = { clientId: '1', ackedAt: CREATED_AT, epoch: 'e' };
  return {
    readLog: ({ targetId, afterOffset }) =>
      Promise.resolve({
        ...{ epoch: 'e', head, epochStart: 0, hasMore: false },
        messages: offsets
          .filter((offset) => offset > afterOffset)
          .slice(0, 1)
          .map((offset) => ({ id: `${offset}00`, targetId, offset, message: 'grüß', createdAt: CREATED_AT })),
      }),
    readReceipts: () =>
      Promise.resolve({
        ...{ epoch: 'e', head },
        receipts: [
          { ...receipt, deviceId: 'phone', offset: 9 },
          { ...receipt, deviceId: 'kiosk', offset: 4 },
          { ...receipt, deviceId: undefined, offset: 5 },
          { ...receipt, deviceId: 'old', offset: 99, epoch: 'before' },
        ],
      }),
  };
}

const part = (more: Partial<WayPart>): WayPart => ({
  ...{ hintsMs: [], sendCount: 0, sends: [], acks: [], fromMs: null },
  followers: { count: 0, reached: 0 },
  ...more,
});

describe('the way of a message', () => {
  it.each([
    [5, { state: 'stored', id: '500', createdAt: CREATED_AT, bytes: 6 }],
    [3, { state: 'deleted' }],
    [11, { state: 'not-yet' }],
  ])('[OPP-3] says of offset %i what the database has', async (offset, stored) => {
    const store = storeWith([5, 6, 7, 8, 9, 10], 10);
    expect(await readStoredWay(store, { targetId: '1', offset })).toMatchObject({ head: 10, stored });
  });

  it('[OPP-3] puts together what the processes remember, and which devices acked it', async () => {
    const place = { targetId: '1', offset: 5 };
    const send = (connectionId: string, atMs: number) =>
      ({ connectionId, clientId: '1', atMs, by: 'hint' }) as const;
    const way = messageWay(place, await readStoredWay(storeWith([5], 9), place), [
      part({ hintsMs: [12], sendCount: 1, sends: [send('b', 13)], followers: { count: 2, reached: 1 } }),
      part({
        hintsMs: [11],
        sendCount: 300,
        sends: [send('a', 12)],
        followers: { count: 300, reached: 300 },
        acks: [{ clientId: '1', deviceId: 'phone', atMs: 20 }],
        fromMs: 7,
      }),
    ]);
    expect(way).toMatchObject({
      hints: [11, 12],
      sends: { count: 301, shown: [{ connectionId: 'a' }, { connectionId: 'b' }] },
      followers: { count: 302, reached: 301 },
      acks: {
        count: 2,
        shown: [
          { deviceId: 'phone', offset: 9, receivedMs: 20 },
          { deviceId: null, offset: 5, receivedMs: null },
        ],
      },
      behind: { count: 1, shown: [{ deviceId: 'kiosk', offset: 4 }] },
      rememberedFromMs: 7,
    });
  });
});
