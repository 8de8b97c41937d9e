/** The first retry comes within one second at the latest: most interruptions are a restart or a change of network. */
const FIRST_RETRY_MS_MAX = 1_000;

/** However long the relay is away, a page looks again at least this often. */
const RETRY_MS_MAX = 20_000;

/** A relay that said "too many" or "overloaded" is given more room: up to eight seconds from the first retry on. */
const BACK_OFF_FAILURES = 4;
const BACK_OFF_CODES: ReadonlySet<number> = new Set([1013, 4029]);

/** A connection that lived this long was a good one: the next interruption starts with a short wait again. */
const STABLE_AFTER_MS = 10_000;

const RECONNECT_STANDARD_CODES: ReadonlySet<number> = new Set([1001, 1005, 1006, 1011, 1012, 1013]);

/** Whether a page that was closed with `code` connects again: the code's range tells. */
export function mayReconnect(code: number): boolean {
  return (code >= 4000 && code <= 4499) || RECONNECT_STANDARD_CODES.has(code);
}

/** Failures in a row, after one more close: counted from one again where the connection had been a good one. */
export function failuresAfterClose(closed: { code: number; failures: number; livedMs: number }): number {
  const failures = closed.livedMs >= STABLE_AFTER_MS ? 1 : closed.failures + 1;
  return BACK_OFF_CODES.has(closed.code) ? Math.max(failures, BACK_OFF_FAILURES) : failures;
}

/**
 * How long to wait after so many failures in a row (1, 2, …), in milliseconds. Full jitter from the first one on
 * (`random` gives 0 to 1): when a relay with thousands of pages restarts, they come back spread out, not all at once.
 */
export function retryDelayMs(failures: number, random: () => number): number {
  const widthMs = Math.min(RETRY_MS_MAX, FIRST_RETRY_MS_MAX * 2 ** (failures - 1));
  return Math.round(random() * widthMs);
}

/** How long a connection may be silent, in milliseconds: two heartbeats, and a second for their way. */
export function silenceLimitMs(heartbeatSeconds: number): number {
  return (2 * heartbeatSeconds + 1) * 1_000;
}
