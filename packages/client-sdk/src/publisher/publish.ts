/** What is to be published. */
export interface OutgoingMessage {
  /** 1 to 65,535 bytes in UTF-8. */
  readonly message: string;
  /** A client id, or `group:<name>`; `1` and `"1"` are the same. */
  readonly targetId: string | number;
  /** Names this publish, so that it is stored once however often it is sent. One is made where it is left out. */
  readonly idempotencyKey?: string;
}

/** It is committed in the database. */
export interface PublishedMessage {
  readonly id: string;
  readonly targetId: string;
  /** Its place in the target's log. */
  readonly offset: number;
  /** ISO 8601 with milliseconds, UTC. */
  readonly createdAt: string;
  /** `sent`: it is on its way. `stored`: the relay finds it in the database by itself. */
  readonly status: 'sent' | 'stored';
  /** True where it had been stored under its key before. */
  readonly replayed: boolean;
}

export interface PublishOptions {
  /** Gives up when it aborts. Whether the message was stored is then not known. */
  readonly signal?: AbortSignal;
}

export interface PostlinePublisherOptions {
  /** The API: `http:` or `https:`. */
  readonly url: string | URL;
  /** The bearer key. */
  readonly key?: string;
  /** One attempt may take this long; the API itself answers or gives up within 5 s. 10,000 ms. */
  readonly attemptMsMax?: number;
  /** All attempts together, waits included. 60,000 ms. */
  readonly totalMsMax?: number;
  /** The first retry comes at a random moment within this time. 200 ms. */
  readonly firstRetryMsMax?: number;
  /** The time doubles with each failure, up to this. 10,000 ms. */
  readonly retryMsMax?: number;
}

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
 * - `cannot_connect`: it can't be sent at all, and `cause` says why: the address is none, or the platform has no `fetch`
 * - `invalid_request`: what was given can't be put into a request
 * - `unreachable`: no connection, or it broke before the answer
 * - `timeout`: no answer in time
 * - `aborted`: the signal did
 * - `unknown_answer`: not an answer of the API's; a proxy's page, perhaps
 */
export type PublishErrorCode =
  | ApiErrorCode
  | 'cannot_connect'
  | 'invalid_request'
  | 'unreachable'
  | 'timeout'
  | 'aborted'
  | 'unknown_answer'
  | (string & Record<never, never>);
