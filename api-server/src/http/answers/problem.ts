import { HTTP_ERRORS, type HttpErrorCode, type Problem } from '@postline/protocol';
import type { z } from 'zod';
import type { TextAnswer } from './answer.ts';
import { wayToRoot } from './request-path.ts';

type ProblemError = NonNullable<Problem['errors']>[number];

/** Why a request was refused. */
export interface Refusal {
  readonly code: HttpErrorCode;
  readonly detail: string;
  /** With validation_failed: the invalid fields. */
  readonly errors?: readonly ProblemError[];
  /** Replaces the status of the code: for errors that Node finds before there is a request. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A value parsed from a request, or why the request was refused. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

/** Enough to find the mistake; a batch of 1,000 bad messages needs no answer of 2,000 lines. */
export const ERRORS_REPORTED_MAX = 100;

/** Short: it only means "not at once". Clients back off further by themselves. */
const RETRY_AFTER_SECONDS = '1';
const RETRY_LATER_STATUSES: ReadonlySet<number> = new Set([429, 503]);

/** Encodes a refusal as `application/problem+json` (RFC 9457). Its type is relative to the address of the request. */
export function problemAnswer({ code, detail, errors, status, headers }: Refusal): TextAnswer {
  const row = HTTP_ERRORS[code];
  const problem: Omit<Problem, 'type'> = {
    title: row.title,
    status: status ?? row.status,
    detail,
    code,
    ...(errors === undefined ? {} : { errors: [...errors] }),
  };
  const fields = JSON.stringify(problem).slice(1);
  const bodyFor = (path: string) => `{"type":"${wayToRoot(path)}problems/${code}",${fields}`;
  return {
    status: problem.status,
    headers: {
      'Content-Type': 'application/problem+json; charset=utf-8',
      ...(RETRY_LATER_STATUSES.has(problem.status) ? { 'Retry-After': RETRY_AFTER_SECONDS } : {}),
      ...headers,
    },
    body: bodyFor('/'),
    bodyFor,
  };
}

/** A validation_failed refusal for one field. */
export function invalid(path: string, message: string): Refusal {
  return { code: 'validation_failed', detail: `${path}: ${message}`, errors: [{ path, message }] };
}

/** A rate_limited refusal, with the wait in whole seconds. */
export function rateLimited(detail: string, waitMs: number): Refusal {
  return {
    code: 'rate_limited',
    detail,
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1_000))) },
  };
}

/** Parses with a schema. A refusal lists the invalid fields and never repeats their values. */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): Parsed<z.output<Schema>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const errors = parsed.error.issues
    .slice(0, ERRORS_REPORTED_MAX)
    .map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const [first] = errors;
  const detail = first === undefined ? 'is not valid' : `${first.path || 'the body'}: ${first.message}`;
  return { ok: false, refusal: { code: 'validation_failed', detail, errors } };
}

/** For failures whose cause only the log may contain. */
export const INTERNAL_ERROR: Refusal = {
  code: 'internal_error',
  detail: 'The request failed unexpectedly. Its X-Request-Id finds the cause in the log.',
};

/** Turns a thrown value into an error for the log. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('a value was thrown that is not an Error');
}

export const OVERLOADED: Refusal = {
  code: 'overloaded',
  detail: 'Too many requests are waiting. Nothing was stored.',
};

/** A write that may have been stored. */
export const STORE_UNAVAILABLE: Refusal = {
  code: 'store_unavailable',
  detail:
    'The database did not answer in time. The message may have been stored: retry with the same Idempotency-Key.',
};

/** A read, or a write that can be repeated. */
export const DATABASE_LATE: Refusal = {
  code: 'store_unavailable',
  detail: 'The database did not answer in time. Try again.',
};
