import { HTTP_ERRORS, type HttpErrorCode, type Problem } from '@postline/protocol';
import type { z } from 'zod';
import type { TextAnswer } from './answer.ts';

type ProblemError = NonNullable<Problem['errors']>[number];

/** A request that can't be done, and why; the expected kind of error in this folder. */
export interface Refusal {
  readonly code: HttpErrorCode;
  readonly detail: string;
  /** With validation_failed: what is wrong, and where. */
  readonly errors?: readonly ProblemError[];
  /** Where the status is not the code's own: errors that Node finds before there is a request. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What was read out of a request, or why it was refused. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

/** Enough to see what is wrong; a batch of 1,000 bad messages need not be answered with 2,000 lines. */
const ERRORS_TOLD_MAX = 100;

/** Short: what is meant is "not at once". Clients back off further by themselves. */
const RETRY_AFTER_SECONDS = '1';
const RETRY_LATER_STATUSES: ReadonlySet<number> = new Set([429, 503]);

/** An error as `application/problem+json` (RFC 9457). */
export function problemAnswer({ code, detail, errors, status, headers }: Refusal): TextAnswer {
  const row = HTTP_ERRORS[code];
  const problem: Problem = {
    type: `about:blank#${code}`,
    title: row.title,
    status: status ?? row.status,
    detail,
    code,
    ...(errors === undefined ? {} : { errors: [...errors] }),
  };
  return {
    status: problem.status,
    headers: {
      'Content-Type': 'application/problem+json; charset=utf-8',
      ...(RETRY_LATER_STATUSES.has(problem.status) ? { 'Retry-After': RETRY_AFTER_SECONDS } : {}),
      ...headers,
    },
    body: JSON.stringify(problem),
  };
}

/** A refusal with code validation_failed for one field. */
export function invalid(path: string, message: string): Refusal {
  return { code: 'validation_failed', detail: `${path}: ${message}`, errors: [{ path, message }] };
}

/** Parses with a schema; what is wrong is told field by field, and never repeated back. */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): Parsed<z.output<Schema>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const errors = parsed.error.issues
    .slice(0, ERRORS_TOLD_MAX)
    .map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const [first] = errors;
  const detail = first === undefined ? 'is not valid' : `${first.path || 'the body'}: ${first.message}`;
  return { ok: false, refusal: { code: 'validation_failed', detail, errors } };
}

/** Used as the last resort, where what happened is only for the log. */
export const INTERNAL_ERROR: Refusal = {
  code: 'internal_error',
  detail: 'Something failed that should not. The request id leads to it in the log.',
};

/** What was thrown, as an error for the log. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('something was thrown that is no error');
}

export const OVERLOADED: Refusal = {
  code: 'overloaded',
  detail: 'More waits already than can be done soon. Nothing was stored.',
};

export const STORE_UNAVAILABLE: Refusal = {
  code: 'store_unavailable',
  detail:
    'The database did not answer in time. A message may have been stored all the same: retry with the same Idempotency-Key.',
};
