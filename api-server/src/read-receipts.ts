import type { MessageStore, TargetReceipts } from '@postline/message-store';
import { RECEIPTS_PER_ANSWER_MAX } from '@postline/protocol';
import { createBoundedReads, type ReadBounds, type ReadOutcome } from './bounded-reads.ts';

export interface ReceiptsReaderOptions extends ReadBounds {
  readonly store: Pick<MessageStore, 'readReceipts'>;
}

/** Reads who has processed a target's log up to where, a bounded number at once, each within a deadline. */
export type ReadReceipts = (targetId: string) => Promise<ReadOutcome<TargetReceipts>>;

export function createReceiptsReader({ store, ...bounds }: ReceiptsReaderOptions): ReadReceipts {
  const bounded = createBoundedReads({ what: 'reading receipts', ...bounds });
  return (targetId) => bounded(() => store.readReceipts({ targetId, limit: RECEIPTS_PER_ANSWER_MAX }));
}
