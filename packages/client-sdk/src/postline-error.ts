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

interface PostlineErrorDetails {
  readonly closeCode?: number;
  readonly relayCode?: string;
  readonly failedMessage?: FailedMessage;
  readonly cause?: unknown;
}

/** An operational error of the client: `code` says which, the message says the same to people. */
export class PostlineError extends Error {
  override readonly name = 'PostlineError';
  readonly code: PostlineErrorCode;
  declare readonly closeCode?: number;
  declare readonly relayCode?: string;
  declare readonly failedMessage?: FailedMessage;

  constructor(code: PostlineErrorCode, details: PostlineErrorDetails = {}) {
    // In few words, because they are a part of every page: what they are about is in the fields.
    const about = details.closeCode ?? details.relayCode ?? details.failedMessage?.offset;
    super(code.replaceAll('_', ' ') + (about === undefined ? '' : ` (${about})`));
    this.code = code;
    Object.assign(this, details);
  }
}
