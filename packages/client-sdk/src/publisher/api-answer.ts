import { hasFields, isJsonObject, parseJson } from '../json-value.ts';
import type { PublishedMessage } from './publish.ts';
import { type FieldError, PublishError } from './publish-error.ts';

const STATUS_REQUEST_TIMEOUT = 408;
const STATUS_TOO_MANY_REQUESTS = 429;

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
  /** The `Date` header: the server's clock. */
  readonly date: string | null;
  /** The `Retry-After` header. */
  readonly retryAfter: string | null;
  /** The `Idempotent-Replayed` header. */
  readonly isReplayed: boolean;
}

/** The stored messages of an answer, `count` of them. Throws a PublishError for any other answer. */
export function readPublishedMessages(answer: ApiAnswer, count: number): PublishedMessage[] {
  const value = parseJson(answer.body);
  if (answer.status < 200 || answer.status > 299) throw readProblem(answer, value);
  const entries = isJsonObject(value) && Array.isArray(value['messages']) ? value['messages'] : [value];
  if (entries.length !== count) throw unknownAnswer(answer);
  return entries.map((entry: unknown) => readPublished(entry, answer));
}

function readPublished(value: unknown, answer: ApiAnswer): PublishedMessage {
  if (
    !hasFields(value, 'id targetId createdAt +offset') ||
    (value['status'] !== 'sent' && value['status'] !== 'stored')
  )
    throw unknownAnswer(answer);
  const { id, targetId, offset, createdAt, status } = value;
  return {
    id,
    targetId,
    offset,
    createdAt,
    status,
    replayed: answer.isReplayed || value['replayed'] === true,
  };
}

/** A proxy's answer has no `code`, but its Retry-After still counts. */
function readProblem(answer: ApiAnswer, value: unknown): PublishError {
  const retryAfterMs = readRetryAfterMs(answer);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (!hasFields(value, 'code detail')) return unknownAnswer(answer, wait);
  const { code, detail, errors } = value;
  return new PublishError(code, `${detail} (${code}, status ${answer.status})`, {
    status: answer.status,
    errors: Array.isArray(errors) ? errors.filter(isFieldError) : [],
    retryable: isRetryable(answer.status),
    ...wait,
  });
}

function unknownAnswer({ status }: ApiAnswer, wait: { readonly retryAfterMs?: number } = {}): PublishError {
  const words = `The answer with status ${status} is not from the API.`;
  return new PublishError('unknown_answer', words, { status, retryable: isRetryable(status), ...wait });
}

function isRetryable(status: number): boolean {
  return status >= 500 || status === STATUS_TOO_MANY_REQUESTS || status === STATUS_REQUEST_TIMEOUT;
}

/** In milliseconds. The header has seconds, or a time of the server's clock, which may differ from this one's. */
function readRetryAfterMs({ retryAfter, date }: ApiAnswer): number | undefined {
  if (retryAfter === null) return undefined;
  const ms = /^\d+$/.test(retryAfter)
    ? Number(retryAfter) * 1_000
    : Date.parse(retryAfter) - Date.parse(date ?? '');
  return ms >= 0 ? ms : undefined;
}

function isFieldError(value: unknown): value is FieldError {
  return hasFields(value, 'path message');
}
