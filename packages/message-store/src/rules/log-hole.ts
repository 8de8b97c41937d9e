import type { EarlierLogQuery, LogSlice } from '../message-store.ts';

/** Offsets that a reader misses because their messages were deleted. */
export interface LogHole {
  readonly from: number;
  readonly to: number;
}

/**
 * The hole between a reader's cursor and the next row of a slice or, if there are no more rows, the head. Offsets are
 * contiguous, so every missing offset was deleted. With `hasMore`, nothing is known about offsets after the last row.
 */
export function holeBefore(
  row: { readonly offset: number } | undefined,
  { head, hasMore }: Pick<LogSlice, 'head' | 'hasMore'>,
  cursor: number,
): LogHole | undefined {
  if (row === undefined && hasMore) return undefined;
  const next = row?.offset ?? head + 1;
  return next > cursor + 1 ? { from: cursor + 1, to: next - 1 } : undefined;
}

/** What a backward read found at its beginning. */
export type EarlierStart =
  | { readonly kind: 'known'; readonly truncatedBefore: number | undefined }
  /** It found nothing: the oldest message that can be read is the first one after this offset. */
  | { readonly kind: 'after'; readonly offset: number };

/**
 * Decides whether a backward read reached messages that were deleted or may not be read. If it stopped at one of its
 * bounds, there may be older messages; before offset 1 there never are any.
 */
export function earlierStart(
  { beforeOffset = Infinity, afterOffset = 0 }: Pick<EarlierLogQuery, 'beforeOffset' | 'afterOffset'>,
  { head, messages, hasMore }: Pick<LogSlice, 'head' | 'messages' | 'hasMore'>,
): EarlierStart {
  const first = messages[0]?.offset;
  const last = Math.min(beforeOffset - 1, head);
  if (hasMore || first === 1 || last < 1) return { kind: 'known', truncatedBefore: undefined };
  if (first !== undefined) return { kind: 'known', truncatedBefore: first };
  return { kind: 'after', offset: Math.max(last, afterOffset) };
}
