import type { EarlierLogSlice } from '@postline/message-store';
import {
  endOfRoom,
  type LogPageContent,
  type LogPageRequest,
  PageRows,
  type PageSource,
  readReserved,
  STORE_READ_ROWS_MAX,
} from './log-page.ts';

export interface EarlierPageRequest extends LogPageRequest {
  readonly before: number | 'head';
}

/** Reads the last messages before an offset: the newest that fit into a page, oldest first. */
export async function readEarlierPage(
  request: EarlierPageRequest,
  source: PageSource,
): Promise<LogPageContent> {
  const { targetId, from, before, limit } = request;
  const readBefore = (beforeOffset: number | undefined, rowsMax: number) =>
    readReserved(source, (bytesMax) => {
      const rows = Math.min(rowsMax, STORE_READ_ROWS_MAX);
      return source.store.readEarlierLog({
        targetId,
        beforeOffset,
        afterOffset: from,
        limit: rows,
        bytesMax,
      });
    });
  let slice = await readBefore(before === 'head' ? undefined : before, limit);
  const start = await readSharedStart(request, slice, source);
  if (start !== undefined) slice = await readBefore(start.before, limit);

  const page = new PageRows(source);
  const { epoch, head } = slice;
  let truncatedBefore = addRows(page, slice);
  while (truncatedBefore === 'unknown' && page.messages.length < limit && !source.expired.aborted) {
    const first = page.messages.at(-1)?.offset;
    const next = await readBefore(first, limit - page.messages.length).catch(endOfRoom);
    if (next?.epoch !== epoch) break; // the log was restarted meanwhile: this page is a correct part of it
    truncatedBefore = addRows(page, next);
  }
  return {
    epoch,
    head,
    recovered: start?.recovered ?? true,
    messages: page.messages.toReversed(),
    truncatedBefore: typeof truncatedBefore === 'number' ? truncatedBefore : null,
  };
}

/**
 * Adds rows, the newest first. Returns what follows before them: nothing, an offset before which messages were deleted, or
 * `unknown`; `full` if a row was not added.
 */
function addRows(page: PageRows, { messages, hasMore, truncatedBefore }: EarlierLogSlice) {
  for (const message of messages.toReversed()) {
    const last = page.messages.at(-1);
    if (last !== undefined && message.offset < last.offset - 1) return last.offset;
    if (!page.add(message)) return 'full';
  }
  if (truncatedBefore !== undefined) return truncatedBefore;
  return hasMore && messages.length > 0 ? 'unknown' : 'start';
}

/**
 * For an offset of another epoch: where the page ends instead, at the last offset that both histories share for certain.
 * Undefined if the offset is of this epoch. Only a new connection to the database may decide that.
 */
async function readSharedStart(
  { targetId, before, epoch }: EarlierPageRequest,
  slice: EarlierLogSlice,
  { store }: PageSource,
): Promise<{ recovered: boolean; before: number | undefined } | undefined> {
  if (epoch === undefined || epoch === slice.epoch) return undefined;
  const offset = before === 'head' ? slice.head : Math.max(0, Math.min(before - 1, slice.head));
  const [sure] = await store.readStreamStarts([{ targetId, offset, epoch, mark: undefined }]);
  if (sure === undefined) return undefined;
  return { recovered: sure.recovered, before: before === 'head' ? undefined : sure.offset + 1 };
}
