import type { PublishErrorCode } from './publisher/publish.ts';

/**
 * What can go wrong on the way of a message:
 * - `cannot_connect`: there can never be a connection, and `cause` says why: the address is none, or the platform refuses
 *   it (`http:` for a page by `https:`) or has no WebSocket
 * - `closed_by_relay`: the connection ended, with `closeCode`; 1006 where it broke or never came to be. Where the relay
 *   said more before, it is in `relayCode` and, in words, in `cause`
 * - `open_timeout`: there was no connection in time (the token and the cursor are a part of it)
 * - `silent`: nothing came for longer than two heartbeats
 * - `gap`: a message came before the one it follows, so the relay is asked again
 * - `inbox_full`: the handler is slower than the messages come; they are fetched when it has caught up
 * - `token_failed`: the token function threw, or gave something else than a text
 * - `token_expired`: the token is a text, and there is no other
 * - `cursor_store_failed`: the cursor could not be loaded or saved, or what was loaded is none
 * - `handler_failed`: the message handler threw on `failedMessage`
 * - `parse_failed`: `parse` threw on `failedMessage`
 * - `relay_error`: the relay told of an error, with its `relayCode`
 *
 * A publisher's errors have codes of their own (`PublishError`).
 */
export type PostlineErrorCode =
  | PublishErrorCode
  | 'cannot_connect'
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

/** Every error that this library throws or tells: `code` says which, the message says the same to people. */
export class PostlineError extends Error {
  override readonly name: string = 'PostlineError';
  readonly code: PostlineErrorCode;
  declare readonly closeCode?: number;
  declare readonly relayCode?: string;
  declare readonly failedMessage?: FailedMessage;

  constructor(code: PostlineErrorCode, details: PostlineErrorDetails = {}, message = wordsOf(code, details)) {
    super(message);
    this.code = code;
    Object.assign(this, details);
  }

  /** One of another copy of this library counts too: the page's script beside a bundle, the module beside `require`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return super[Symbol.hasInstance](value) || (this === PostlineError && NAMES.test(nameOf(value)));
  }
}

const NAMES = /^(?:Postline|Publish)Error$/;

export function nameOf(value: unknown): string {
  return String((value as { readonly name?: unknown } | null | undefined)?.name);
}

/** In few words, because they are a part of every page: what they are about is in the fields. */
function wordsOf(code: string, { closeCode, relayCode, failedMessage, cause }: PostlineErrorDetails): string {
  const about = [closeCode, relayCode, failedMessage?.offset].filter((detail) => detail !== undefined);
  const why = cause instanceof Error ? cause.message : cause;
  return (
    code.replaceAll('_', ' ') +
    (about.length > 0 ? ` (${about.join(' ')})` : '') +
    (typeof why === 'string' ? `: ${why}` : '')
  );
}
