const MILLISECOND_DIGITS = 3;
const DATE_LENGTH = 'YYYY-MM-DD'.length;
/** With three decimals, as in nearly every column. */
const TEXT_LENGTH = 'YYYY-MM-DD hh:mm:ss.mmm'.length;

/**
 * Converts the database's `2026-11-23 04:08:41.593`, from a UTC session, to ISO 8601. It never uses a Date in local
 * time.
 */
export function isoFromDatabaseTime(text: string): string {
  if (text.length === TEXT_LENGTH) return `${text.slice(0, DATE_LENGTH)}T${text.slice(DATE_LENGTH + 1)}Z`;
  const [date = '', time = ''] = text.split(' ');
  const [seconds = '', fraction = ''] = time.split('.');
  return `${date}T${seconds}.${fraction.padEnd(MILLISECOND_DIGITS, '0').slice(0, MILLISECOND_DIGITS)}Z`;
}

/** Converts milliseconds since 1970 to the database's format. */
export function databaseTimeOfMs(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}
