import { CLOSE_CODES } from '@postline/protocol/close-codes';

/** A relay that said "too many" or "overloaded" is given more room: up to eight first widths from the first retry on. */
const BACK_OFF_FAILURES = 4;
const BACK_OFF_CODES: ReadonlySet<number | undefined> = new Set([
  CLOSE_CODES.overloaded,
  CLOSE_CODES.tooMany,
]);

/** A connection that lived this long was a good one: the next interruption starts with a short wait again. */
const STABLE_AFTER_MS = 10_000;

export interface RetryWidths {
  readonly firstRetryMsMax: number;
  readonly retryMsMax: number;
}

/** Failures in a row, after one more: counted from one again where the connection had been a good one. */
export function failuresAfter(ended: {
  readonly closeCode: number | undefined;
  readonly failures: number;
  readonly livedMs: number;
}): number {
  const failures = ended.livedMs >= STABLE_AFTER_MS ? 1 : ended.failures + 1;
  return BACK_OFF_CODES.has(ended.closeCode) ? Math.max(failures, BACK_OFF_FAILURES) : failures;
}

/**
 * How long to wait after so many failures in a row (1, 2, …), in milliseconds. Full jitter from the first one on
 * (`random` gives 0 to 1): when a relay with thousands of clients restarts, they come back spread out.
 */
export function retryDelayMs(failures: number, widths: RetryWidths, random: () => number): number {
  const widthMs = Math.min(widths.retryMsMax, widths.firstRetryMsMax * 2 ** (failures - 1));
  return Math.round(random() * widthMs);
}

/** How long a connection may be silent, in milliseconds: two heartbeats, and a second for their way. */
export function silenceMsMax(heartbeatSeconds: number): number {
  return (2 * heartbeatSeconds + 1) * 1_000;
}
