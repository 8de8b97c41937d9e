import {
  holeBefore,
  type LogQuery,
  type LogSlice,
  type StreamStart,
  streamStart,
} from '@postline/message-store';
import { createBoundedReads, type ReadBounds, type Reader, type ReadOutcome } from './bounded-reads.ts';
import {
  endOfRoom,
  type LogPageContent,
  type LogPageRequest,
  type LogPageStore,
  PageRows,
  type PageSource,
  readReserved,
  ROW_OBJECT_BYTES,
  STORE_READ_ROWS_MAX,
} from './log-page.ts';
import { readEarlierPage } from './read-earlier-page.ts';

/** Bytes of pages that a reader may read in each turn: small compared to a page, so that turns are fair. */
const COST_BYTES_PER_TURN = 16 * 1024;

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

async function readPage(request: LogPageRequest, source: PageSource): Promise<LogPageContent> {
  const { targetId, after, before, from = 0 } = request;
  if (before !== undefined) return await readEarlierPage({ ...request, before }, source);
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

function readRows(
  query: Pick<LogQuery, 'targetId' | 'afterOffset' | 'limit'>,
  source: PageSource,
): Promise<LogSlice> {
  return readReserved(source, (bytesMax) => source.store.readLog({ ...query, bytesMax }));
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
  const page = new PageRows(source);
  let slice = firstSlice;
  let hasRoom = addRows(page, slice);
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
    hasRoom = addRows(page, slice);
  }
  return { epoch: slice.epoch, head: slice.head, messages: page.messages };
}

/**
 * Adds rows while they are contiguous and there is room. Returns false if a row was not added. A hole ends the page: the
 * next one begins with it and reports it.
 */
function addRows(page: PageRows, slice: LogSlice): boolean {
  for (const message of slice.messages) {
    const last = page.messages.at(-1);
    if (last !== undefined && holeBefore(message, slice, last.offset) !== undefined) return false;
    if (!page.add(message)) return false;
  }
  return true;
}
