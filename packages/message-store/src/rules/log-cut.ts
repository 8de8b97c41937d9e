import type { LogQuery } from '../message-store.ts';
import type { StoredMessage } from '../stored-message.ts';

/** A message's bytes can't be more: a bound above it is none. */
const TEXT_BYTES_MAX = 65_535;

/**
 * What the first look at a page may bring in texts that turn out to be beyond its bound, as a multiple of the bound. With
 * 1, half of the rows of an even log would be longer than their share, and take a second look.
 */
const FIRST_LOOK_SHARE = 4;

/** A row as the first look brings it. */
export interface MeasuredRow extends Omit<StoredMessage, 'message'> {
  /** Bytes of its text. */
  readonly bytes: number;
  /** Null if the text is too long for the first look. */
  readonly message: string | null;
}

/** A text that the second look brought, with what shows that its row is still the one that was measured. */
export type LongText = Pick<StoredMessage, 'id' | 'offset' | 'message' | 'createdAt'>;

/**
 * Bytes of a text up to which the first look at a page brings it along. Whatever its rows hold, they bring no more than
 * four times the page's bound; where all are alike, as in nearly every log, there is no second look.
 */
export function firstLookBytesMax({ limit, bytesMax }: Pick<LogQuery, 'limit' | 'bytesMax'>): number {
  if (bytesMax === undefined) return TEXT_BYTES_MAX;
  return Math.min(Math.floor((FIRST_LOOK_SHARE * bytesMax) / limit), TEXT_BYTES_MAX);
}

/** The rows of a page, in the order in which they are read: as many as fit its bound in bytes, and at least one. */
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

/** The rows with their texts, in the order in which they are read, up to the first that was deleted or replaced between the two looks. */
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
