/**
 * These roundings limit the number of different statement texts, and so of prepared statements. Otherwise each
 * connection would prepare a new statement for each batch size.
 */

/** Up to this number, each row count has its own statement: a busy API commits some tens of rows in one statement. */
const EXACT_ROWS_MAX = 64;
/** Above that, only multiples of this number have one. */
const ROWS_STEP = 32;

/** The same for rows that may be repeated. Above this number, padding costs less than more statements. */
const EXACT_PADDED_ROWS_MAX = 64;
const PADDED_ROWS_STEP = 16;

/**
 * The largest number of rows in a statement. 512 rows of 6 values are far below the protocol's limit of 65,535 values.
 */
export const ROWS_PER_STATEMENT_MAX = 512;

/** The largest number of ids in an IN list. */
export const IN_LIST_MAX = 1_024;

/** Splits a count into a multiple of the step and the remainder. Both have statement texts that recur. */
export function splitRowCount(count: number): readonly number[] {
  if (count <= EXACT_ROWS_MAX) return [count];
  const rest = count % ROWS_STEP;
  return rest === 0 ? [count] : [count - rest, rest];
}

/** The next count that has its own statement, for rows that may be repeated without effect. */
export function roundUpRowCount(count: number): number {
  return count <= EXACT_PADDED_ROWS_MAX ? count : Math.ceil(count / PADDED_ROWS_STEP) * PADDED_ROWS_STEP;
}

/** Fills an IN list up to a power of two by repeating its last value. */
export function padInList(values: readonly string[]): readonly string[] {
  const last = values.at(-1);
  if (last === undefined) return values;
  const length = 2 ** Math.ceil(Math.log2(values.length));
  return [...values, ...Array.from({ length: length - values.length }, () => last)];
}

/** Caches the texts: there are few of them, and the driver finds a prepared statement by its text. */
export function keptTexts(make: (rowCount: number) => string): (rowCount: number) => string {
  const texts = new Map<number, string>();
  return (rowCount) => {
    const known = texts.get(rowCount);
    if (known !== undefined) return known;
    const text = make(rowCount);
    texts.set(rowCount, text);
    return text;
  };
}

/** `?,?,?` */
export function placeholders(count: number): string {
  return Array.from({ length: count }, () => '?').join(',');
}

/** `(?,?),(?,?)` */
export function rowPlaceholders(rowCount: number, columnCount: number): string {
  const row = `(${placeholders(columnCount)})`;
  return Array.from({ length: rowCount }, () => row).join(',');
}
