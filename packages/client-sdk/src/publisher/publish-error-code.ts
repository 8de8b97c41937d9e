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
