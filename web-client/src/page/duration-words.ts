const SECONDS_FROM_MS = 10_000;
const TENTHS_UP_TO_MS = 10;

/** A duration as one reads it: `6.3 ms`, `128 ms`, `12.5 s`. */
export function durationWords(milliseconds: number): string {
  if (milliseconds >= SECONDS_FROM_MS) return `${(milliseconds / 1_000).toFixed(1)} s`;
  return milliseconds < TENTHS_UP_TO_MS ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
}
