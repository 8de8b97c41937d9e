import {
  type LogSlice,
  type MessageStore,
  type StoredMessage,
  type StreamStart,
  streamStart,
} from '@postline/message-store';
import type { RowMark } from '@postline/protocol';
import { createBoundedReads, type ReadBounds, type ReadOutcome } from './bounded-reads.ts';

/** Rows in one read of the store: at most 6.5 MB of text in memory at a time. */
const STORE_READ_ROWS_MAX = 100;

export interface LogPageRequest {
  readonly targetId: string;
  readonly after: number;
  readonly limit: number;
  /** The epoch that `after` was read in, where the reader says. */
  readonly epoch?: string | undefined;
  /** The message that the reader has at `after`, where it says. */
  readonly mark?: RowMark | undefined;
}

/** A part of a target's log as a polling reader gets it. */
export interface LogPageContent {
  readonly epoch: string;
  readonly head: number;
  readonly recovered: boolean;
  readonly messages: readonly StoredMessage[];
  readonly truncatedBefore: number | null;
}

/** What pages are read from. */
export type LogPageStore = Pick<MessageStore, 'readLog' | 'readMarks' | 'readStreamStarts'>;

export interface LogPageReaderOptions extends ReadBounds {
  readonly store: LogPageStore;
  /** Bytes of messages in one page; a page holds at least one message. */
  readonly pageBytesMax: number;
}

/** Reads pages of logs, a bounded number at once, each within a deadline. */
export type ReadLogPage = (request: LogPageRequest) => Promise<ReadOutcome<LogPageContent>>;

export function createLogPageReader(options: LogPageReaderOptions): ReadLogPage {
  const { store, pageBytesMax, ...bounds } = options;
  const bounded = createBoundedReads({ what: 'reading a log', ...bounds });
  return (request) => bounded((expired) => readPage(request, { store, pageBytesMax, expired }));
}

interface PageSource {
  readonly store: LogPageStore;
  readonly pageBytesMax: number;
  /** Set once nobody waits for the page any more. */
  readonly expired: AbortSignal;
}

async function readPage(request: LogPageRequest, source: PageSource): Promise<LogPageContent> {
  const { targetId, after } = request;
  const limit = Math.min(request.limit, STORE_READ_ROWS_MAX);
  let slice = await source.store.readLog({ targetId, afterOffset: after, limit });
  const { recovered, offset: start, epoch } = await readStart(request, slice, source);
  const isOutdated = epoch !== slice.epoch || start > slice.head; // it came from a server that was left behind
  if (start !== after || isOutdated)
    slice = await source.store.readLog({ targetId, afterOffset: start, limit });

  const page = await readOn(slice, { request, start, source });
  return { ...page, recovered, truncatedBefore: truncatedBefore(page, start) };
}

/** Where the page begins. Only a new connection to the database may say that the reader's cursor is not valid. */
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

/** Reads further slices of the same epoch until the page is full or the log at its end. */
async function readOn(
  firstSlice: LogSlice,
  { request, start, source }: PageReading,
): Promise<Pick<LogPageContent, 'epoch' | 'head' | 'messages'>> {
  const page = { messages: [] as StoredMessage[], bytes: 0 };
  let slice = firstSlice;
  let hasRoom = addRows(page, slice, source.pageBytesMax);
  while (hasRoom && page.messages.length < request.limit && !source.expired.aborted) {
    const last = page.messages.at(-1)?.offset ?? start;
    if (slice.messages.length === 0 || last >= slice.head) break;

    const limit = Math.min(request.limit - page.messages.length, STORE_READ_ROWS_MAX);
    const next = await source.store.readLog({ targetId: request.targetId, afterOffset: last, limit });
    // The log was restarted or cut meanwhile: what was read is one true part of it, and the next page will tell.
    if (next.epoch !== slice.epoch || next.messages[0]?.offset !== last + 1) break;
    slice = next;
    hasRoom = addRows(page, slice, source.pageBytesMax);
  }
  return { epoch: slice.epoch, head: slice.head, messages: page.messages };
}

/**
 * Adds a slice's rows for as long as they fit and follow one another; false where one did not. The first one always
 * does. A hole ends the page, so that the next one begins with it and tells it.
 */
function addRows(
  page: { messages: StoredMessage[]; bytes: number },
  slice: LogSlice,
  bytesMax: number,
): boolean {
  for (const message of slice.messages) {
    const last = page.messages.at(-1);
    if (last !== undefined && message.offset !== last.offset + 1) return false;
    page.bytes += Buffer.byteLength(message.message);
    if (page.messages.length > 0 && page.bytes > bytesMax) return false;
    page.messages.push(message);
  }
  return true;
}

/** The oldest offset kept, where something after `start` was deleted; deletions only ever take the oldest. */
function truncatedBefore(page: Pick<LogPageContent, 'head' | 'messages'>, start: number): number | null {
  const oldestKept = page.messages[0]?.offset ?? page.head + 1;
  return oldestKept > start + 1 ? oldestKept : null;
}
