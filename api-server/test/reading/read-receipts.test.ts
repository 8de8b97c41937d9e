import type { ReceiptQuery } from '@postline/message-store';
import { expect, it } from 'vitest';
import { createReceiptsReader } from '../../src/reading/read-receipts.ts';
import { readerWith } from '../support/reader-with.ts';

const READER = readerWith(1_100_000);

it('[ACK-7] reads a bounded number of receipts', async () => {
  const queries: ReceiptQuery[] = [];
  const receipts = { epoch: 'E', head: 3, receipts: [] };
  const readReceipts = createReceiptsReader({
    store: {
      readReceipts: (query) => {
        queries.push(query);
        return Promise.resolve(receipts);
      },
    },
    readsMax: 1,
    waitingMax: 0,
    deadlineMs: 1_000,
  });
  expect(await readReceipts('bob', READER)).toEqual({ kind: 'read', value: receipts });
  expect(queries).toEqual([{ targetId: 'bob', limit: 1_000 }]);
});
