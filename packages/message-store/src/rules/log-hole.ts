import type { LogSlice } from '../message-store.ts';

/** Offsets that a reader misses because their messages were deleted. */
export interface LogHole {
  readonly from: number;
  readonly to: number;
}

/**
 * The hole between a reader's cursor and the next row of a slice, or, with no row left, the head. Offsets are contiguous,
 * so whatever is missing there was deleted; behind the last row of a slice that `hasMore` nothing is known to be missing.
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
