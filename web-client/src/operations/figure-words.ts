const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const BYTES_PER_UNIT = 1_024;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A whole number in the reader's format: `12,400`. */
export function countWords(count: number): string {
  return Math.round(count).toLocaleString('en');
}

/** A rate: `0`, `0.4`, `12`, `1,240`. */
export function rateWords(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : countWords(perSecond);
}

/** `0 B`, `1.5 MiB`. */
export function bytesWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= BYTES_PER_UNIT && unit < BYTE_UNITS.length - 1) {
    value /= BYTES_PER_UNIT;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** A delay, as short as the picture needs it: `0.4 ms`, `12 ms`, `2.5 s`, `60 s`. */
export function delayWords(milliseconds: number): string {
  if (milliseconds >= SECOND_MS) return `${trimmed(milliseconds / SECOND_MS)} s`;
  return `${trimmed(milliseconds)} ms`;
}

/** A longer duration in its two largest units: `45 s`, `3 min 20 s`, `2 d 4 h`. */
export function spanWords(milliseconds: number): string {
  const units = [
    [DAY_MS, 'd'],
    [HOUR_MS, 'h'],
    [MINUTE_MS, 'min'],
    [SECOND_MS, 's'],
  ] as const;
  if (milliseconds < SECOND_MS) return `${Math.max(0, Math.round(milliseconds))} ms`;
  let rest = milliseconds;
  const words: string[] = [];
  for (const [unitMs, name] of units) {
    const count = Math.floor(rest / unitMs);
    if (words.length > 0 || count > 0) words.push(count > 0 ? `${count} ${name}` : '');
    rest -= count * unitMs;
    if (words.length === 2) break;
  }
  return words.filter((word) => word !== '').join(' ');
}

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;

/** A time of day: `09:12:44`; with the day if it is another one. */
export function clockWords(ms: number, nowMs: number): string {
  const moment = new Date(ms);
  const isToday = moment.toDateString() === new Date(nowMs).toDateString();
  const clock = moment.toLocaleTimeString('en', CLOCK);
  return isToday ? clock : `${moment.toLocaleDateString('en', { day: 'numeric', month: 'short' })}, ${clock}`;
}

/** The same with milliseconds, for steps that follow each other within one second. */
export function preciseClockWords(ms: number, nowMs: number): string {
  return `${clockWords(ms, nowMs)}.${String(ms % SECOND_MS).padStart(3, '0')}`;
}

function trimmed(value: number): string {
  return value < 10 ? String(Number(value.toFixed(1))) : String(Math.round(value));
}
