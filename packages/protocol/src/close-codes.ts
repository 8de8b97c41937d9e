/**
 * Why the relay closes a socket. The range alone tells a client what to do: 4000-4499 and
 * 1001, 1005, 1006, 1011, 1012, 1013 mean reconnect (with jitter); 4500-4999, 1008, 1009 mean don't.
 */
export const CLOSE_CODES = {
  draining: 1001,
  frameTooLarge: 1009,
  overloaded: 1013,
  tokenExpired: 4001,
  noProgress: 4002,
  logRestarted: 4003,
  identifyTimeout: 4008,
  tooMany: 4029,
  badFrame: 4500,
  unauthorized: 4501,
  notAllowed: 4503,
  disconnectedByApi: 4510,
} as const;

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** Codes of RFC 6455 that clients see although no relay of ours sends them. */
export const STANDARD_CLOSE_CODES = {
  noCode: 1005,
  broken: 1006,
  policyViolation: 1008,
  internalError: 1011,
  restarting: 1012,
} as const;

const RECONNECT_STANDARD_CODES: ReadonlySet<number> = new Set([1001, 1005, 1006, 1011, 1012, 1013]);

/** Whether a client that was closed with `code` should connect again. */
export function mayReconnect(code: number): boolean {
  return (code >= 4000 && code <= 4499) || RECONNECT_STANDARD_CODES.has(code);
}
