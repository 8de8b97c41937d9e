/** The API's own codes, as its documentation lists them. */
type ApiErrorCode =
  | 'malformed_json'
  | 'validation_failed'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'idempotency_key_reused'
  | 'rate_limited'
  | 'internal_error'
  | 'overloaded'
  | 'store_unavailable';

/**
 * Why a publish failed: a code of the API's (a later one may have more of them), or
 * - `unreachable`: no connection, or it broke before the answer
 * - `timeout`: no answer in time
 * - `aborted`: the signal did
 * - `unknown_answer`: not an answer of the API's; a proxy's page, perhaps
 */
export type PublishErrorCode =
  | ApiErrorCode
  | 'unreachable'
  | 'timeout'
  | 'aborted'
  | 'unknown_answer'
  | (string & Record<never, never>);

/** What is wrong with one field of the request. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface PublishErrorDetails {
  /** Of the answer; undefined where there was none. */
  readonly status?: number;
  readonly errors?: readonly FieldError[];
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A message that was not acknowledged. Where `retryable`, it may be stored or not: the same key makes sure. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly code: PublishErrorCode;
  readonly status: number | undefined;
  readonly errors: readonly FieldError[];
  /** Whether the same request can succeed without changing it. */
  readonly retryable: boolean;
  /** What the API asked to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(code: PublishErrorCode, message: string, details: PublishErrorDetails) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.errors = details.errors ?? [];
    this.retryable = details.retryable;
    this.retryAfterMs = details.retryAfterMs;
  }
}
