const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
const DAY_AND_TIME = { day: 'numeric', month: 'short', ...TIME } as const;

/** A time in the reader's format, with the day unless it is today. An invalid time is returned unchanged. */
export function localTime(isoText: string, now: Date, locale?: string): string {
  const moment = new Date(isoText);
  if (Number.isNaN(moment.getTime())) return isoText;
  const isToday = moment.toDateString() === now.toDateString();
  return moment.toLocaleString(locale, isToday ? TIME : DAY_AND_TIME);
}

const SECONDS_FROM_MS = 10_000;
const TENTHS_UP_TO_MS = 10;

/** A duration for people: `6.3 ms`, `128 ms`, `12.5 s`. */
export function durationWords(milliseconds: number): string {
  if (milliseconds >= SECONDS_FROM_MS) return `${(milliseconds / 1_000).toFixed(1)} s`;
  return milliseconds < TENTHS_UP_TO_MS ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
}
