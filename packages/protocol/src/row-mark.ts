import { z } from 'zod';

/**
 * What stands for the content of a log's row: an offset can be given again after a failover or a restored backup, but
 * never together with the same id and the same millisecond.
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

/** V8 copies a slice of fewer than 13 characters; a longer one keeps the whole text that it was cut from in memory. */
const COPIED_CHARACTERS = 12;

/**
 * The mark of a row whose frame is at hand, to be kept for longer than the frame: without this, 24 characters would
 * keep up to 64 KiB alive for each target. `undefined` where no row of ours can have such an id or time.
 */
export function rowMarkToKeep(id: string, createdAt: string): RowMark | undefined {
  if (id.length > ID_CHARACTERS_MAX || createdAt.length > TIME_CHARACTERS_MAX) return undefined;
  return { id: copyOf(id), createdAt: copyOf(createdAt) };
}

/** Much quicker than any parsing: this is done for each hint. */
function copyOf(text: string): string {
  if (text.length <= COPIED_CHARACTERS) return text;
  return text.slice(0, COPIED_CHARACTERS) + text.slice(COPIED_CHARACTERS, 24) + text.slice(24);
}
