import { HEADS_PER_READ_MAX, type LogHead, type MessageStore } from '@postline/message-store';
import { BatchedReader } from '@postline/service-runtime';

/** A target's head as read from the database. */
export interface HeadReading extends LogHead {
  readonly epoch: string;
}

/** Reads heads from the database, many in one statement; a reading is never older than its request. */
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
