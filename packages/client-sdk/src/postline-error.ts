import { mayReconnect } from '@postline/protocol/close-codes';
import type { PublishErrorCode } from './publisher/publish.ts';

/**
 * What can go wrong in a client:
 * - `cannot_connect`: no connection is possible, and `cause` says why: the platform refuses the address or has no
 *   WebSocket
 * - `closed_by_relay`: the connection ended with `closeCode`; 1006 if it broke or could not be opened. If the relay
 *   sent a reason before, it is in `relayCode` and, in words, in `cause`
 * - `open_timeout`: the connection was not ready in time (loading of token and cursor included)
 * - `silent`: nothing arrived for longer than two heartbeats
 * - `gap`: a message arrived before its predecessor, so the client requests both again
 * - `inbox_full`: messages arrive faster than the handler works; the client fetches them when it has caught up
 * - `token_failed`: the token function threw, or did not return a string
 * - `token_expired`: the token is a string, so there is no fresh one
 * - `cursor_store_failed`: the cursor could not be loaded or saved, or the loaded value is not a cursor
 * - `handler_failed`: the message handler threw on `failedMessage`
 * - `parse_failed`: `parse` threw on `failedMessage`
 * - `relay_error`: the relay reported an error, with its `relayCode`, and with `targetId` if it is about a target
 * - `invalid_target`: `targetId` is not a group's id, or the cursor is not one
 * - `invalid_request`: `history` was called with arguments that no relay accepts
 * - `aborted`: the client is closed, or the opposite was requested for `targetId` before the relay had answered
 *
 * The errors of a publisher have codes of their own (`PublishError`).
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
  | 'relay_error'
  | 'invalid_target';

/** The message on which a handler or `parse` failed, as it was published. */
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
  readonly targetId?: string | undefined;
  readonly failedMessage?: FailedMessage;
  readonly cause?: unknown;
}

/** Every error that this library throws or reports. Programs read `code`, people read the message. */
export class PostlineError extends Error {
  override readonly name: string = 'PostlineError';
  readonly code: PostlineErrorCode;
  declare readonly closeCode?: number;
  declare readonly relayCode?: string;
  declare readonly targetId?: string | undefined;
  declare readonly failedMessage?: FailedMessage;

  constructor(code: PostlineErrorCode, details: PostlineErrorDetails = {}, message = wordsOf(code, details)) {
    super(message);
    this.code = code;
    Object.assign(this, details);
  }

  /** Recognises errors of other copies of this library: of the script beside a bundle, of `import` beside `require`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return super[Symbol.hasInstance](value) || (this === PostlineError && NAMES.test(nameOf(value)));
  }
}

const NAMES = /^(?:Postline|Publish)Error$/;

export function nameOf(value: unknown): string {
  return String((value as { readonly name?: unknown } | null | undefined)?.name);
}

/** Built from the code, because every page downloads it; the details are in the fields. */
function wordsOf(
  subject: string,
  { closeCode, relayCode, targetId, failedMessage, cause }: PostlineErrorDetails,
): string {
  const about = [closeCode, relayCode, targetId, failedMessage?.offset].filter(Boolean).join(' ');
  // Where several addresses were tried, the platform's error has only a code.
  const why = cause instanceof Error ? cause.message || (cause as { readonly code?: unknown }).code : cause;
  let words =
    subject.replaceAll('_', ' ') + (about && ` (${about})`) + (typeof why === 'string' ? `: ${why}` : '');
  // <not in the script>
  if (closeCode !== undefined && !mayReconnect(closeCode)) words += ' (stopped)';
  // </not in the script>
  return words;
}
