import { z } from 'zod';

interface ErrorRow {
  readonly status: number;
  readonly title: string;
  /** Whether sending the same request again can succeed without changing it. */
  readonly retryable: boolean;
}

/** Every error of the HTTP API: code, status, and whether a retry can help. The code is also the metric label. */
export const HTTP_ERRORS = {
  malformed_json: { status: 400, title: 'The body is not JSON', retryable: false },
  validation_failed: { status: 400, title: 'The request is not valid', retryable: false },
  unauthorized: { status: 401, title: 'Authentication is required', retryable: false },
  forbidden: { status: 403, title: 'Not allowed', retryable: false },
  not_found: { status: 404, title: 'This address does not exist', retryable: false },
  method_not_allowed: { status: 405, title: 'The method is not allowed here', retryable: false },
  too_many_groups: { status: 409, title: 'A client is in too many groups', retryable: false },
  payload_too_large: { status: 413, title: 'The body is too large', retryable: false },
  unsupported_media_type: {
    status: 415,
    title: 'The body must be application/json in UTF-8',
    retryable: false,
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key was used for another message',
    retryable: false,
  },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  internal_error: { status: 500, title: 'The server failed', retryable: true },
  overloaded: { status: 503, title: 'The server is overloaded', retryable: true },
  store_unavailable: { status: 503, title: 'The database does not answer', retryable: true },
} as const satisfies Record<string, ErrorRow>;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;
const HTTP_ERROR_CODES = Object.keys(HTTP_ERRORS) as [HttpErrorCode, ...HttpErrorCode[]];

/** An error as `application/problem+json` (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string().meta({
      description: 'A page of this API about the code, relative to the address of the request.',
      example: 'problems/validation_failed',
    }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(HTTP_ERROR_CODES),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'With validation_failed: each error and its place.' }),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof problemSchema>;

/** Codes of error frames on the socket. */
export type FrameErrorCode = keyof typeof FRAME_ERRORS;
export const FRAME_ERRORS = {
  bad_frame: 'The frame is not valid',
  // Also the close reason, which may have 123 bytes.
  bad_client_id:
    'clientId must be an integer, or 1 to 128 of A-Z a-z 0-9 . _ ~ : @ | + -, starting with a letter, a digit, _ or -',
  bad_ack: 'The ack is beyond the last message sent on this connection, or for a target it does not follow',
  identify_timeout: 'No identify frame arrived in time (IDENTIFY_TIMEOUT_MS)',
  unauthorized: 'The token is missing, is not valid, or is for another client',
  token_expired: 'The token has expired: reconnect with a fresh one',
  token_unverifiable: 'The token cannot be checked now: the relay does not reach the keys. Try again',
  too_many_connections:
    'This client has too many connections: close others first (CONNECTIONS_PER_CLIENT_MAX)',
  too_many_frames: 'Too many frames or bytes (CLIENT_FRAMES_PER_SECOND_MAX, CLIENT_BYTES_PER_SECOND_MAX)',
  origin_not_allowed: 'Pages of this origin may not connect here (ALLOWED_ORIGINS)',
  forbidden:
    'This client may not follow the group: make it a member, or name the group in the claim follow of its token',
  not_followed: 'This connection does not follow the target: follow it, and wait for followed',
  too_many_targets: 'This connection follows as many groups as it may (FOLLOWED_GROUPS_MAX)',
  too_many_requests: 'Too many requests of this connection are waiting: wait for the answers to earlier ones',
  target_not_allowed: 'A client may not identify as a group',
  log_restarted: 'The log was restarted: reconnect and resume',
  disconnected: 'The API disconnected this client',
  no_progress: 'The connection read nothing for too long (NO_PROGRESS_MS)',
} as const;
export const FRAME_ERROR_CODES = Object.keys(FRAME_ERRORS) as [FrameErrorCode, ...FrameErrorCode[]];
