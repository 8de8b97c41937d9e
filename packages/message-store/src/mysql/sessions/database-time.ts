const MILLISECOND_DIGITS = 3;

/**
 * The database's `2026-11-23 04:08:41.593`, in a UTC session, as ISO 8601. It is never made a local Date on the way.
 */
export function isoFromDatabaseTime(text: string): string {
  const [date = '', time = ''] = text.split(' ');
  const [seconds = '', fraction = ''] = time.split('.');
  return `${date}T${seconds}.${fraction.padEnd(MILLISECOND_DIGITS, '0').slice(0, MILLISECOND_DIGITS)}Z`;
}

/** The other way, from ms since 1970. */
export function databaseTimeOfMs(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}
