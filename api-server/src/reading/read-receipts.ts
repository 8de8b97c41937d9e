import type { MessageStore, TargetReceipts } from '@postline/message-store';
import { RECEIPTS_PER_ANSWER_MAX } from '@postline/protocol';
import {
  createBoundedReads,
  NoRoomError,
  type ReadBounds,
  type Reader,
  type ReadOutcome,
} from './bounded-reads.ts';

export interface ReceiptsReaderOptions extends ReadBounds {
  readonly store: Pick<MessageStore, 'readReceipts'>;
}

/** Reads the offset up to which each device has processed the log of a target. Reads are bounded in number and time. */
export type ReadReceipts = (targetId: string, reader: Reader) => Promise<ReadOutcome<TargetReceipts>>;

/** A row with two ids of 128 and 64 characters and two more fields, and the same again as JSON. */
const RECEIPT_BYTES = 1_024;

export function createReceiptsReader({ store, ...bounds }: ReceiptsReaderOptions): ReadReceipts {
  const bounded = createBoundedReads({ what: 'reading receipts', ...bounds });
  return (targetId, reader) =>
    bounded({
      readerId: reader.id,
      read: () => {
        if (!reader.grow(RECEIPTS_PER_ANSWER_MAX * RECEIPT_BYTES)) return Promise.reject(new NoRoomError());
        return store.readReceipts({ targetId, limit: RECEIPTS_PER_ANSWER_MAX });
      },
    });
}
