import { expect, it } from 'vitest';
import { receiptsSchema } from '../src/index.ts';

const RECEIPT = {
  clientId: '1',
  deviceId: 'tv',
  offset: 0,
  epoch: 'e',
  ackedAt: '2026-11-23T00:00:00.000Z',
};

it('[ACK-7] receipts as they are told, with and without a device', () => {
  const receipts = {
    targetId: '1',
    epoch: 'e',
    head: 3,
    receipts: [RECEIPT, { ...RECEIPT, deviceId: null }],
  };
  expect(receiptsSchema.parse(receipts)).toEqual(receipts);
});

it.each([
  { ...RECEIPT, deviceId: undefined },
  { ...RECEIPT, offset: -1 },
  { ...RECEIPT, ackedAt: 'now' },
])('[ACK-7] %j is none', (receipt) => {
  const answer = { targetId: '1', epoch: 'e', head: 3, receipts: [receipt] };
  expect(receiptsSchema.safeParse(answer).success).toBe(false);
});
