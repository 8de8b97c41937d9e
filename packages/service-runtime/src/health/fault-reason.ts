/** Why a server cannot be used, for the log and `/readyz`: without any name, address or password. */
export interface FaultReason {
  /** Distinguishes reasons: each kind is logged once in an outage. */
  readonly kind: string;
  /** For people, with a code that they can search for. */
  readonly text: string;
}

/** Nested causes: a driver's error under a package's. */
const CAUSES_MAX = 5;

/** The connection ended for an unknown reason; the error of the next attempt is usually more precise. */
export const LOST_KIND = 'lost';

/** The service has not finished its start: this is not an outage, and is not logged. */
export const STARTING: FaultReason = { kind: 'starting', text: 'the service is starting' };

const KINDS_BY_CODE: Readonly<Record<string, Readonly<FaultReason>>> = {
  ECONNREFUSED: { kind: 'refused', text: 'connection refused' },
  ENOTFOUND: { kind: 'unknown-host', text: 'unknown host' },
  EAI_AGAIN: { kind: 'unknown-host', text: 'the host name cannot be resolved' },
  EAI_FAIL: { kind: 'unknown-host', text: 'the host name cannot be resolved' },
  ETIMEDOUT: { kind: 'timed-out', text: 'timed out' },
  ERR_SOCKET_CONNECTION_TIMEOUT: { kind: 'timed-out', text: 'timed out' },
  deadline_exceeded: { kind: 'timed-out', text: 'timed out' },
  EHOSTUNREACH: { kind: 'unreachable', text: 'host unreachable' },
  EHOSTDOWN: { kind: 'unreachable', text: 'host unreachable' },
  ENETUNREACH: { kind: 'unreachable', text: 'network unreachable' },
  ENETDOWN: { kind: 'unreachable', text: 'network unreachable' },
  EADDRNOTAVAIL: { kind: 'unreachable', text: 'no local address or port is free' },
  ECONNRESET: { kind: LOST_KIND, text: 'connection lost' },
  ECONNABORTED: { kind: LOST_KIND, text: 'connection lost' },
  EPIPE: { kind: LOST_KIND, text: 'connection lost' },
  ENOENT: { kind: 'no-socket-file', text: 'no such socket file' },
  ENOTSOCK: { kind: 'no-socket-file', text: 'not a socket file' },
  EACCES: { kind: 'not-permitted', text: 'this user may not open the connection' },
  EPERM: { kind: 'not-permitted', text: 'this user may not open the connection' },
  EMFILE: { kind: 'descriptors', text: 'no file descriptor is left' },
  ENFILE: { kind: 'descriptors', text: 'no file descriptor is left' },
};

/** Codes of Node's TLS errors: OpenSSL's results of verifying a certificate, and errors of the handshake. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|EPROTO$|ERROR_IN_CERT_)/;

/** The service itself is not ready yet; the part may be up. */
export class StartingError extends Error {
  readonly code = 'starting';

  constructor() {
    super(STARTING.text);
    this.name = 'StartingError';
  }
}

/** The error of the network or TLS, taken from the error or one of its causes; undefined if there is none. */
export function networkFault(error: unknown): FaultReason | undefined {
  for (const cause of causesOf(error)) {
    const code = codeOf(cause);
    if (code === undefined) continue;
    const known = KINDS_BY_CODE[code];
    if (known !== undefined) return { kind: known.kind, text: withCode(known.text, code) };
    if (TLS_CODE.test(code)) return { kind: 'tls', text: withCode('TLS failed', code) };
  }
  return undefined;
}

/** The same, or else a reason with the code of the error. */
export function describeFault(error: unknown): FaultReason {
  const fault = networkFault(error);
  if (fault !== undefined) return fault;
  const code = [...causesOf(error)].map(codeOf).findLast((found) => found !== undefined);
  return { kind: code ?? 'other', text: code === undefined ? 'failed' : withCode('failed', code) };
}

/** An error and its causes, outermost first; for an error about several addresses, the last one's too. */
export function* causesOf(error: unknown): Generator<Error, void, undefined> {
  let next = error;
  for (let depth = 0; depth <= CAUSES_MAX && next instanceof Error; depth += 1) {
    yield next;
    const { cause } = next;
    next = cause ?? (next instanceof AggregateError ? (next.errors as unknown[]).at(-1) : undefined);
  }
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function withCode(text: string, code: string): string {
  return /^[A-Z]/.test(code) ? `${text} (${code})` : text;
}
