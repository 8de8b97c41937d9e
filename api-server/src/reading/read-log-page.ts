import {
  holeBefore,
  type LogQuery,
  type LogSlice,
  type MessageStore,
  type StoredMessage,
  type StreamStart,
  streamStart,
} from '@postline/message-store';
import type { RowMark } from '@postline/protocol';
import {
  createBoundedReads,
  NoRoomError,
  type ReadBounds,
  type Reader,
  type ReadOutcome,
} from './bounded-reads.ts';

/** Rows, and bytes of text, in one read of the store. */
const STORE_READ_ROWS_MAX = 100;
const STORE_READ_BYTES_MAX = 256 * 1024;
/** A text can take two bytes in memory for each of its bytes. */
const MEMORY_BYTES_PER_TEXT_BYTE = 2;
/** A row without its texts: as an object, and as JSON (field names, offset and time). */
const ROW_OBJECT_BYTES = 256;
const ROW_JSON_BYTES = 100;
/** Bytes of pages that a reader may read in each turn: small compared to a page, so that turns are fair. */
const COST_BYTES_PER_TURN = 16 * 1024;

export interface LogPageRequest {
  readonly targetId: string;
  /** The page begins after this offset at the earliest: that of a member's join. */
  readonly from?: number | undefined;
  readonly after: number;
  readonly limit: number;
  /** The epoch of `after`, if the reader sent it. */
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

type LogPageStore = Pick<MessageStore, 'readLog' | 'readMarks' | 'readStreamStarts'>;

export interface LogPageReaderOptions extends ReadBounds {
  readonly store: LogPageStore;
  /** Bytes of one page as JSON; a page contains at least one message. */
  readonly pageBytesMax: number;
}

/** Reads a page of a log. Reads are bounded in number and time. */
export type ReadLogPage = (request: LogPageRequest, reader: Reader) => Promise<ReadOutcome<LogPageContent>>;

export function createLogPageReader(options: LogPageReaderOptions): ReadLogPage {
  const { store, pageBytesMax, ...bounds } = options;
  const costPerTurn = COST_BYTES_PER_TURN;
  const bounded = createBoundedReads({ what: 'reading a log', costPerTurn, ...bounds });
  return (request, reader) =>
    bounded({
      readerId: reader.id,
      read: (expired) => readPage(request, { store, pageBytesMax, reader, expired }),
      costOf: ({ messages }) =>
        messages.reduce((sum, { message }) => sum + message.length + ROW_OBJECT_BYTES, ROW_OBJECT_BYTES),
    });
}

interface PageSource {
  readonly store: LogPageStore;
  readonly pageBytesMax: number;
  readonly reader: Reader;
  /** Aborted when the deadline has passed. */
  readonly expired: AbortSignal;
}

async function readPage(request: LogPageRequest, source: PageSource): Promise<LogPageContent> {
  const { targetId, after, from = 0 } = request;
  const limit = Math.min(request.limit, STORE_READ_ROWS_MAX);
  const readLog = (afterOffset: number) => readRows({ targetId, afterOffset, limit }, source);
  const first = Math.max(after, from);
  let slice = await readLog(first);
  const { recovered, offset, epoch } = await readStart(request, slice, source);
  const start = Math.max(offset, from);
  const isOutdated = epoch !== slice.epoch || start > slice.head; // it came from a server that is behind
  if (start !== first || isOutdated) slice = await readLog(start);

  // Messages before a member's join are reported like deleted ones.
  const hole = holeBefore(slice.messages[0], slice, offset);
  const page = await readOn(slice, { request, start, source });
  return { ...page, recovered, truncatedBefore: hole === undefined ? null : hole.to + 1 };
}

/** One read of the store; its memory is reserved before. */
async function readRows(
  query: Pick<LogQuery, 'targetId' | 'afterOffset' | 'limit'>,
  { store, pageBytesMax, reader }: PageSource,
): Promise<LogSlice> {
  const bytesMax = Math.min(STORE_READ_BYTES_MAX, pageBytesMax);
  const bytes = bytesMax * MEMORY_BYTES_PER_TEXT_BYTE;
  if (!reader.grow(bytes)) throw new NoRoomError();
  try {
    return await store.readLog({ ...query, bytesMax });
  } finally {
    reader.shrink(bytes);
  }
}

/** The offset after which the page begins. Only a new connection to the database may decide that a cursor is invalid. */
async function readStart(
  { targetId, after, epoch, mark }: LogPageRequest,
  slice: LogSlice,
  { store }: PageSource,
): Promise<StreamStart> {
  const cursor = { targetId, offset: after, epoch, mark };
  const [rowAtCursor] = mark === undefined ? [] : await store.readMarks([cursor]);
  const start = streamStart(cursor, { ...slice, rowAtCursor });
  if (start.recovered) return start;
  const [sure] = await store.readStreamStarts([cursor]);
  return sure ?? start;
}

interface PageReading {
  readonly request: LogPageRequest;
  readonly start: number;
  readonly source: PageSource;
}

/** Reads further slices of the same epoch until the page is full or the log ends. */
async function readOn(
  firstSlice: LogSlice,
  { request, start, source }: PageReading,
): Promise<Pick<LogPageContent, 'epoch' | 'head' | 'messages'>> {
  const page = { messages: [] as StoredMessage[], bytes: 0 };
  let slice = firstSlice;
  let hasRoom = addRows(page, slice, source);
  while (hasRoom && page.messages.length < request.limit && !source.expired.aborted) {
    const last = page.messages.at(-1)?.offset ?? start;
    if (slice.messages.length === 0 || last >= slice.head) break;

    const limit = Math.min(request.limit - page.messages.length, STORE_READ_ROWS_MAX);
    const query = { targetId: request.targetId, afterOffset: last, limit };
    const next = await readRows(query, source).catch(endOfRoom);
    if (next === undefined) break;
    // The log was restarted or truncated meanwhile: this page is a correct part of it, and the next one reports it.
    if (next.epoch !== slice.epoch || holeBefore(next.messages[0], next, last) !== undefined) break;
    slice = next;
    hasRoom = addRows(page, slice, source);
  }
  return { epoch: slice.epoch, head: slice.head, messages: page.messages };
}

/** A page with rows ends when no memory is left for more: the next page continues there. */
function endOfRoom(error: unknown): undefined {
  if (!(error instanceof NoRoomError)) throw error;
}

/**
 * Adds rows while they are contiguous and memory is left for them and their JSON. Returns false if a row was not added. The
 * first row always fits into a page. A hole ends the page: the next one begins with it and reports it.
 */
function addRows(
  page: { messages: StoredMessage[]; bytes: number },
  slice: LogSlice,
  { pageBytesMax, reader }: PageSource,
): boolean {
  for (const message of slice.messages) {
    const last = page.messages.at(-1);
    if (last !== undefined && holeBefore(message, slice, last.offset) !== undefined) return false;
    const jsonBytes = rowJsonBytes(message);
    if (page.messages.length > 0 && page.bytes + jsonBytes > pageBytesMax) return false;
    if (!reader.grow(jsonBytes + ROW_OBJECT_BYTES + textMemoryBytes(message.message))) {
      if (page.messages.length === 0) throw new NoRoomError();
      return false;
    }
    page.bytes += jsonBytes;
    page.messages.push(message);
  }
  return true;
}

function rowJsonBytes({ id, targetId, message }: StoredMessage): number {
  return ROW_JSON_BYTES + id.length + targetId.length + Buffer.byteLength(JSON.stringify(message));
}

/** V8 stores a text with one byte per character if it can. */
function textMemoryBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : text.length * MEMORY_BYTES_PER_TEXT_BYTE;
}
