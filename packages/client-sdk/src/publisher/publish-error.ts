import { nameOf, PostlineError } from '../postline-error.ts';
import type { PublishErrorCode } from './publish.ts';

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
export class PublishError extends PostlineError {
  override readonly name: string = 'PublishError';
  declare readonly code: PublishErrorCode;
  readonly status: number | undefined;
  readonly errors: readonly FieldError[];
  /** Whether the same request can succeed without changing it. */
  readonly retryable: boolean;
  /** What the API asked to wait. */
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
