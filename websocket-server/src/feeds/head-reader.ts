import { HEADS_PER_READ_MAX, type LogHead, type MessageStore } from '@postline/message-store';
import { BatchedReader } from './batched-reader.ts';

/** A target's head as the database told it. */
export interface HeadReading extends LogHead {
  readonly epoch: string;
}

/** Reads heads for whoever needs one now, many together; a reading is never older than its request. */
export class HeadReader extends BatchedReader<HeadReading> {
  constructor(store: Pick<MessageStore, 'readHeads'>) {
    super({
      keysMax: HEADS_PER_READ_MAX,
      readBatch: async (targetIds) => {
        const { epoch, heads } = await store.readHeads(targetIds);
        return (targetId) => {
          const head = heads.get(targetId) ?? { head: 0, epochStart: 0 };
          return { epoch, ...head };
        };
      },
    });
  }
}
