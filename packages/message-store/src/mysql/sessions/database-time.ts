const MILLISECOND_DIGITS = 3;
const DATE_LENGTH = 'YYYY-MM-DD'.length;
/** With three digits behind the point, as nearly every column has them. */
const TEXT_LENGTH = 'YYYY-MM-DD hh:mm:ss.mmm'.length;

/**
 * The database's `2026-11-23 04:08:41.593`, in a UTC session, as ISO 8601. It is never made a local Date on the way.
 */
export function isoFromDatabaseTime(text: string): string {
  if (text.length === TEXT_LENGTH) return `${text.slice(0, DATE_LENGTH)}T${text.slice(DATE_LENGTH + 1)}Z`;
  const [date = '', time = ''] = text.split(' ');
  const [seconds = '', fraction = ''] = time.split('.');
  return `${date}T${seconds}.${fraction.padEnd(MILLISECOND_DIGITS, '0').slice(0, MILLISECOND_DIGITS)}Z`;
}

/** The other way, from ms since 1970. */
export function databaseTimeOfMs(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}
