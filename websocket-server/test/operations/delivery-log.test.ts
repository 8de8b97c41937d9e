import { expect, it } from 'vitest';
import { DeliveryLog } from '../../src/operations/delivery-log.ts';

const ack = (offset: number, deviceId?: string) =>
  ({ clientId: '1', deviceId, targetId: '1', epoch: 'e', offset }) as const;

function logWithClock() {
  let nowMs = 1_000;
  const log = new DeliveryLog(() => (nowMs += 1));
  return log;
}

it('[OPP-3] remembers hint, sends and acks of a message', () => {
  const log = logWithClock();
  log.onHint('1', 58);
  log.onHint('2', 58);
  log.onSent({ id: 'a', clientId: '1' }, { targetId: '1', first: 58, last: 58, by: 'hint' });
  log.onSent({ id: 'b', clientId: '1' }, { targetId: '1', first: 40, last: 60, by: 'log' });
  log.onSent({ id: 'c', clientId: '2' }, { targetId: '2', first: 1, last: 99, by: 'log' });
  log.onSent({ id: 'd', clientId: '1' }, { targetId: '1', first: 59, last: 60, by: 'log' });
  const acks = log.recording({ keep: ({ offset }) => offset < 100, hurry: () => undefined });
  for (const offset of [57, 58, 60, 100]) acks.keep(ack(offset));
  acks.keep(ack(70, 'phone'));
  expect(log.wayOf('1', 58)).toEqual({
    hintsMs: [1_001],
    sendCount: 2,
    sends: [
      { connectionId: 'a', clientId: '1', atMs: 1_003, by: 'hint' },
      { connectionId: 'b', clientId: '1', atMs: 1_004, by: 'log' },
    ],
    acks: [
      { clientId: '1', deviceId: null, atMs: 1_008 },
      { clientId: '1', deviceId: 'phone', atMs: 1_010 },
    ],
    fromMs: null,
  });
});

it('[OPP-3] says since when it remembers everything, and shows the first sends of many', () => {
  const log = logWithClock();
  for (let index = 0; index < 50_000; index += 1)
    log.onSent(
      { id: String(index), clientId: '1' },
      { targetId: 'group:all', first: 1, last: 1, by: 'hint' },
    );
  const { sendCount, sends, fromMs } = log.wayOf('group:all', 1);
  expect([sendCount, sends.length, fromMs]).toEqual([40_000, 200, 11_001]);
});

it('[OPP-2] remembers the gaps that were repaired', () => {
  const log = logWithClock();
  log.onGapRepaired('1', { from: 3, to: 5 });
  expect(log.gaps()).toEqual([{ atMs: 1_001, targetId: '1', from: 3, to: 5 }]);
});
