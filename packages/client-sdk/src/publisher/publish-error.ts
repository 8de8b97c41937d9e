import { nameOf, PostlineError } from '../postline-error.ts';
import type { PublishErrorCode } from './publish.ts';

/** The problem of one field of the request. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface PublishErrorDetails {
  /** The HTTP status; undefined if there was no answer. */
  readonly status?: number;
  readonly errors?: readonly FieldError[];
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The message was not confirmed. If `retryable`, it may be stored or not; a retry with the same key stores it once. */
export class PublishError extends PostlineError {
  override readonly name: string = 'PublishError';
  declare readonly code: PublishErrorCode;
  readonly status: number | undefined;
  readonly errors: readonly FieldError[];
  /** Whether the same request can succeed later, unchanged. */
  readonly retryable: boolean;
  /** The wait that the API requested. */
  readonly retryAfterMs: number | undefined;

  constructor(code: PublishErrorCode, message: string, details: PublishErrorDetails) {
    super(code, 'cause' in details ? { cause: details.cause } : {}, message);
    this.status = details.status;
    this.errors = details.errors ?? [];
    this.retryable = details.retryable;
    this.retryAfterMs = details.retryAfterMs;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return super[Symbol.hasInstance](value) || (this === PublishError && nameOf(value) === 'PublishError');
  }
}
