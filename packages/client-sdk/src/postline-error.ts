/**
 * What can go wrong on the way of a message:
 * - `closed_by_relay`: the connection ended, with `closeCode`; 1006 where it broke or never came to be
 * - `open_timeout`: there was no connection in time (the token and the cursor are a part of it)
 * - `silent`: nothing came for longer than two heartbeats
 * - `gap`: a message came before the one it follows, so the relay is asked again
 * - `inbox_full`: the handler is slower than the messages come; they are fetched when it has caught up
 * - `token_failed`: the token function threw
 * - `token_expired`: the token is a text, and there is no other
 * - `cursor_store_failed`: the cursor could not be loaded or saved
 * - `handler_failed`: the message handler threw on `failedMessage`
 * - `parse_failed`: `parse` threw on `failedMessage`
 * - `relay_error`: the relay told of an error, with its `relayCode`
 */
export type PostlineErrorCode =
  | 'closed_by_relay'
  | 'open_timeout'
  | 'silent'
  | 'gap'
  | 'inbox_full'
  | 'token_failed'
  | 'token_expired'
  | 'cursor_store_failed'
  | 'handler_failed'
  | 'parse_failed'
  | 'relay_error';

/** The message that a handler or `parse` failed on, as it was published. */
export interface FailedMessage {
  readonly id: string;
  readonly targetId: string;
  readonly offset: number;
  readonly epoch: string;
  readonly data: string;
  readonly createdAt: string;
}

export interface PostlineErrorDetails {
  readonly closeCode?: number;
  readonly relayCode?: string;
  readonly failedMessage?: FailedMessage;
  readonly cause?: unknown;
}

/** An operational error of the client: `code` says which, the message says it in words. */
export class PostlineError extends Error {
  override readonly name = 'PostlineError';
  readonly code: PostlineErrorCode;
  readonly closeCode: number | undefined;
  readonly relayCode: string | undefined;
  readonly failedMessage: FailedMessage | undefined;

  constructor(code: PostlineErrorCode, message: string, details: PostlineErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.closeCode = details.closeCode;
    this.relayCode = details.relayCode;
    this.failedMessage = details.failedMessage;
  }
}
