import type { CLOSE_CODES } from '@postline/protocol/close-codes';

/** After "too many" or "overloaded" the first wait is already eight times as long as usual, to relieve the relay. */
const BACK_OFF_FAILURES = 4;
const OVERLOADED: typeof CLOSE_CODES.overloaded = 1013;
const TOO_MANY: typeof CLOSE_CODES.tooMany = 4029;

/** A connection that lasted this long was healthy: after it the waits start short again. */
const STABLE_AFTER_MS = 10_000;

export interface RetryWidths {
  readonly firstRetryMsMax: number;
  readonly retryMsMax: number;
}

/** The number of failures in a row, this one included. A healthy connection resets it. */
export function failuresAfter(ended: {
  readonly closeCode: number | undefined;
  readonly failures: number;
  readonly livedMs: number;
}): number {
  const failures = ended.livedMs >= STABLE_AFTER_MS ? 1 : ended.failures + 1;
  const { closeCode } = ended;
  return closeCode === OVERLOADED || closeCode === TOO_MANY
    ? Math.max(failures, BACK_OFF_FAILURES)
    : failures;
}

/**
 * The wait in milliseconds after this many failures in a row (1, 2, …). `random` returns 0 to 1. Full jitter from the
 * first retry on, so that thousands of clients of a restarted relay come back spread out.
 */
export function retryDelayMs(failures: number, widths: RetryWidths, random: () => number): number {
  const widthMs = Math.min(widths.retryMsMax, widths.firstRetryMsMax * 2 ** (failures - 1));
  return Math.round(random() * widthMs);
}

/** How long a connection may be silent, in milliseconds: two heartbeats, and a second of network delay. */
export function silenceMsMax(heartbeatSeconds: number): number {
  return (2 * heartbeatSeconds + 1) * 1_000;
}
