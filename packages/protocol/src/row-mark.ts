import { z } from 'zod';

/**
 * Identifies the row at an offset: after a failover or a restored backup an offset can be used again, but not together
 * with the same id and millisecond.
 */
export interface RowMark {
  readonly id: string;
  /** ISO 8601 with milliseconds, UTC, as in the frame. */
  readonly createdAt: string;
}

/** A BIGINT has 20 characters at most. */
const ID_CHARACTERS_MAX = 20;
/** `2026-11-23T00:00:00.000Z`; a year beyond 9999 is written with three more. */
const TIME_CHARACTERS_MAX = 27;

export const rowMarkSchema = z.object({
  id: z.string().min(1).max(ID_CHARACTERS_MAX),
  createdAt: z.string().min(1).max(TIME_CHARACTERS_MAX),
});

export function isSameRow(a: RowMark, b: RowMark): boolean {
  return a.id === b.id && a.createdAt === b.createdAt;
}

/** V8 copies slices of fewer than 13 characters; a longer slice keeps the whole original text in memory. */
const COPIED_CHARACTERS = 12;

/**
 * Copies a mark out of a frame, to be kept longer than the frame: a slice of 24 characters would keep up to 64 KiB
 * alive for each target. `undefined` if no valid row has such an id or time.
 */
export function rowMarkToKeep(id: string, createdAt: string): RowMark | undefined {
  if (id.length > ID_CHARACTERS_MAX || createdAt.length > TIME_CHARACTERS_MAX) return undefined;
  return { id: copyOf(id), createdAt: copyOf(createdAt) };
}

/** Called for each hint, so it must be fast; parsing would be slower. */
function copyOf(text: string): string {
  if (text.length <= COPIED_CHARACTERS) return text;
  return text.slice(0, COPIED_CHARACTERS) + text.slice(COPIED_CHARACTERS, 24) + text.slice(24);
}
