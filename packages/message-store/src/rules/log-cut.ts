import type { LogQuery } from '../message-store.ts';
import type { StoredMessage } from '../stored-message.ts';

/** The largest message in bytes, so a larger bound has no effect. */
const TEXT_BYTES_MAX = 65_535;

/**
 * How many bytes the first look at a page may load, as a multiple of the page's bound. With 1, half of the rows in a
 * log of similar messages would exceed their share and need a second look.
 */
const FIRST_LOOK_SHARE = 4;

/** A row as the first look returns it. */
export interface MeasuredRow extends Omit<StoredMessage, 'message'> {
  /** Bytes of its text. */
  readonly bytes: number;
  /** Null if the text is too long for the first look. */
  readonly message: string | null;
}

/** A text from the second look, with the values that show whether its row is still the one that was measured. */
export type LongText = Pick<StoredMessage, 'id' | 'offset' | 'message' | 'createdAt'>;

/**
 * The longest text in bytes that the first look at a page loads. In any log, the first look loads at most four times
 * the page's bound. If all messages are of similar length, as in nearly every log, no second look is needed.
 */
export function firstLookBytesMax({ limit, bytesMax }: Pick<LogQuery, 'limit' | 'bytesMax'>): number {
  if (bytesMax === undefined) return TEXT_BYTES_MAX;
  return Math.min(Math.floor((FIRST_LOOK_SHARE * bytesMax) / limit), TEXT_BYTES_MAX);
}

/** The rows of a page, in reading order: as many as fit its bound in bytes, and at least one. */
export function rowsWithin<Row extends Pick<MeasuredRow, 'bytes'>>(
  rows: readonly Row[],
  bytesMax = Infinity,
): readonly Row[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += row.bytes;
    return index > 0 && bytes > bytesMax;
  });
  return end < 0 ? rows : rows.slice(0, end);
}

/** The range of the second look; undefined if no text is missing. */
export function longTextRange(rows: readonly MeasuredRow[]): { first: number; last: number } | undefined {
  const long = rows.filter(({ message }) => message === null);
  const [one, other] = [long.at(0), long.at(-1)];
  if (one === undefined || other === undefined) return undefined;
  return { first: Math.min(one.offset, other.offset), last: Math.max(one.offset, other.offset) };
}

/**
 * Combines the rows with their texts, in reading order. Stops at the first row that was deleted or replaced between the
 * two looks.
 */
export function withLongTexts(
  targetId: string,
  rows: readonly MeasuredRow[],
  texts: readonly LongText[],
): StoredMessage[] {
  const byOffset = new Map(texts.map((text) => [text.offset, text]));
  const messages: StoredMessage[] = [];
  for (const { id, offset, createdAt, message } of rows) {
    const long = byOffset.get(offset);
    const isSame = long?.id === id && long.createdAt === createdAt;
    const text = message ?? (isSame ? long.message : undefined);
    if (text === undefined) break;
    messages.push({ id, targetId, offset, message: text, createdAt });
  }
  return messages;
}
