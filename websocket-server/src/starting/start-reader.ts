import {
  CURSORS_PER_READ_MAX,
  type MessageStore,
  type ReaderCursor,
  ROWS_PER_READ_MAX,
  type StreamStart,
} from '@postline/message-store';
import type { RowMark } from '@postline/protocol';
import { BatchedReader, pause } from '@postline/service-runtime';

/** Readers that come back together share a read, and a client that sends false cursors causes only a few. */
const GATHER_MS = 50;

/** Reads what else decides about a cursor, beside its target's head, for many readers in one statement. */
export class StartReader {
  readonly #rows: BatchedReader<{ readonly row: RowMark | undefined }>;
  readonly #starts: BatchedReader<StreamStart>;

  constructor(store: Pick<MessageStore, 'readMarks' | 'readStreamStarts'>) {
    this.#rows = new BatchedReader({
      keysMax: ROWS_PER_READ_MAX,
      readBatch: async (keys) => {
        const marks = await store.readMarks(keys.map(cursorOf));
        return byKey(
          keys,
          marks.map((row) => ({ row })),
        );
      },
    });
    this.#starts = new BatchedReader({
      keysMax: CURSORS_PER_READ_MAX,
      readBatch: async (keys) => {
        await pause(GATHER_MS);
        return byKey(keys, await store.readStreamStarts(keys.map(cursorOf)));
      },
    });
  }

  /** The row at the cursor's offset, which the reader may have seen as another one; undefined if there is none. */
  async readRow(cursor: ReaderCursor): Promise<RowMark | undefined> {
    return (await this.#rows.read(keyOf(cursor))).row;
  }

  /** Where the stream starts, read on a new connection to the database. */
  readStart(cursor: ReaderCursor): Promise<StreamStart> {
    return this.#starts.read(keyOf(cursor));
  }
}

/** Readers that stopped at the same row share a read. */
function keyOf({ targetId, offset, epoch, mark }: ReaderCursor): string {
  return JSON.stringify([targetId, offset, epoch, mark?.id, mark?.createdAt]);
}

type Encoded = [string, number, string | null, string | null, string | null];

function cursorOf(key: string): ReaderCursor {
  const [targetId, offset, epoch, id, createdAt] = JSON.parse(key) as Encoded; // as it was written above
  const mark = id === null || createdAt === null ? undefined : { id, createdAt };
  return { targetId, offset, epoch: epoch ?? undefined, mark };
}

function byKey<Value extends object>(
  keys: readonly string[],
  values: readonly Value[],
): (key: string) => Value {
  const found = new Map(keys.map((key, index) => [key, values[index]]));
  return (key) => {
    const value = found.get(key);
    if (value === undefined) throw new Error('the store returned fewer answers than it was asked for');
    return value;
  };
}
