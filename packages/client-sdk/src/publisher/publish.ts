/** A message to publish: a text, or a JSON value that is stored and delivered as its text. */
export type OutgoingMessage = {
  /** A client id, or `group:<name>`; `1` and `"1"` are the same. */
  readonly targetId: string | number;
  /** Identifies this publish, so that it is stored once however often it is sent. Default: a random key. */
  readonly idempotencyKey?: string;
} & (
  | {
      /** 1 to 65,535 bytes in UTF-8. */
      readonly message: string;
      readonly json?: undefined;
    }
  | {
      readonly message?: undefined;
      /** Anything that `JSON.stringify` accepts. Its text has the same bound. */
      readonly json: unknown;
    }
);

/** A message that is committed in the database. */
export interface PublishedMessage {
  readonly id: string;
  readonly targetId: string;
  /** Its position in the target's log. */
  readonly offset: number;
  /** ISO 8601 with milliseconds, UTC. */
  readonly createdAt: string;
  /** `sent`: the relay was notified. `stored`: the relay will find it in the database. */
  readonly status: 'sent' | 'stored';
  /** True if an earlier request with the same key had stored it. */
  readonly replayed: boolean;
}

export interface PublishOptions {
  /** Ends the attempt when it aborts. The message may then be stored or not. */
  readonly signal?: AbortSignal;
}

export interface PostlinePublisherOptions {
  /** The API: `http:` or `https:`. */
  readonly url: string | URL;
  /** The bearer key. */
  readonly key?: string;
  /** The time for one attempt; the API itself answers or gives up within 5 s. Default: 10,000 ms. */
  readonly attemptMsMax?: number;
  /** The time for all attempts, waits included. Default: 60,000 ms. */
  readonly totalMsMax?: number;
  /** The first retry happens at a random moment within this time. Default: 200 ms. */
  readonly firstRetryMsMax?: number;
  /** The time doubles with each failure, up to this. Default: 10,000 ms. */
  readonly retryMsMax?: number;
}

/** The codes of the API, as its documentation lists them. */
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
 * Why a publish failed: a code of the API (a later API may have more), or
 * - `cannot_connect`: no request is possible, and `cause` says why: the address is invalid, or the platform has no
 *   `fetch`
 * - `invalid_request`: the arguments do not fit into a request
 * - `unreachable`: no connection, or it broke before the answer
 * - `timeout`: no answer in time
 * - `aborted`: the signal aborted
 * - `unknown_answer`: the answer is not from the API, but perhaps from a proxy
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
