import type { MessageStore, StoredMessage } from '@postline/message-store';
import type { RowMark } from '@postline/protocol';
import { NoRoomError, type Reader } from './bounded-reads.ts';

/** Rows, and bytes of text, in one read of the store. */
export const STORE_READ_ROWS_MAX = 100;
const STORE_READ_BYTES_MAX = 256 * 1024;
/** A text can take two bytes in memory for each of its bytes. */
const MEMORY_BYTES_PER_TEXT_BYTE = 2;
/** A row without its texts: as an object, and as JSON (field names, offset and time). */
export const ROW_OBJECT_BYTES = 256;
const ROW_JSON_BYTES = 100;

/** The part of a log that a reader wants. */
export interface LogPageRequest {
  readonly targetId: string;
  /** The page begins after this offset at the earliest: that of a member's join. */
  readonly from?: number | undefined;
  readonly after: number;
  /** The page ends before this offset; undefined: it begins after `after`. */
  readonly before?: number | 'head' | undefined;
  readonly limit: number;
  /** The epoch of `after` or `before`, if the reader sent it. */
  readonly epoch?: string | undefined;
  /** The reader's message at `after`, if it sent one. */
  readonly mark?: RowMark | undefined;
}

/** A part of a target's log. */
export interface LogPageContent {
  readonly epoch: string;
  readonly head: number;
  readonly recovered: boolean;
  readonly messages: readonly StoredMessage[];
  readonly truncatedBefore: number | null;
}

export type LogPageStore = Pick<
  MessageStore,
  'readLog' | 'readEarlierLog' | 'readMarks' | 'readStreamStarts'
>;

export interface PageSource {
  readonly store: LogPageStore;
  /** Bytes of one page as JSON; a page contains at least one message. */
  readonly pageBytesMax: number;
  readonly reader: Reader;
  /** Aborted when the deadline has passed. */
  readonly expired: AbortSignal;
}

/** One read of the store; its memory is reserved before. */
export async function readReserved<Slice>(
  { pageBytesMax, reader }: PageSource,
  read: (bytesMax: number) => Promise<Slice>,
): Promise<Slice> {
  const bytesMax = Math.min(STORE_READ_BYTES_MAX, pageBytesMax);
  const bytes = bytesMax * MEMORY_BYTES_PER_TEXT_BYTE;
  if (!reader.grow(bytes)) throw new NoRoomError();
  try {
    return await read(bytesMax);
  } finally {
    reader.shrink(bytes);
  }
}

/** A page with rows ends when no memory is left for more: the next page continues there. */
export function endOfRoom(error: unknown): undefined {
  if (!(error instanceof NoRoomError)) throw error;
}

/** The rows of a page, in the order in which they are read. */
export class PageRows {
  readonly messages: StoredMessage[] = [];
  readonly #source: PageSource;
  #bytes = 0;

  constructor(source: PageSource) {
    this.#source = source;
  }

  /** Adds a row if memory is left for it and its JSON. The first row always fits into a page. */
  add(message: StoredMessage): boolean {
    const { pageBytesMax, reader } = this.#source;
    const isFirst = this.messages.length === 0;
    const jsonBytes = rowJsonBytes(message);
    if (!isFirst && this.#bytes + jsonBytes > pageBytesMax) return false;
    if (!reader.grow(jsonBytes + ROW_OBJECT_BYTES + textMemoryBytes(message.message))) {
      if (isFirst) throw new NoRoomError();
      return false;
    }
    this.#bytes += jsonBytes;
    this.messages.push(message);
    return true;
  }
}

function rowJsonBytes({ id, targetId, message }: StoredMessage): number {
  return ROW_JSON_BYTES + id.length + targetId.length + Buffer.byteLength(JSON.stringify(message));
}

/** V8 stores a text with one byte per character if it can. */
function textMemoryBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : text.length * MEMORY_BYTES_PER_TEXT_BYTE;
}
