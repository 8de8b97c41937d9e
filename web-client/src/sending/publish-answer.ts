import { isJsonObject, parseJsonObject, textOr } from '../page/json-object.ts';

const STATUS_REQUEST_TIMEOUT = 408;
const STATUS_TOO_MANY_REQUESTS = 429;

interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** The outcome of a message that was sent to the API. */
export type PublishAnswer =
  | {
      readonly kind: 'accepted';
      readonly status: number;
      readonly id: string;
      readonly targetId: string;
      readonly offset: number;
      /** ISO 8601, by the database's clock; empty if the answer has none. */
      readonly createdAt: string;
      /** `sent`: the relay was notified. `stored`: the relay will find it in the database. */
      readonly delivery: 'sent' | 'stored';
      readonly replayed: boolean;
      readonly json: string;
    }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly title: string;
      readonly detail: string;
      /** Wrong fields, if the detail does not say all of them. */
      readonly errors: readonly FieldError[];
      /** Whether the same message can succeed later, unchanged. */
      readonly retryable: boolean;
      readonly retryAfterSeconds: number | undefined;
      readonly json: string;
    }
  /** No answer: the message may have been stored or not. */
  | { readonly kind: 'unanswered'; readonly reason: string };

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly replayed: boolean;
  readonly retryAfter: string | null;
}

/** Reads the API's answer. An answer from somewhere else, such as a proxy's page, is shown unchanged. */
export function readPublishAnswer(answer: HttpAnswer): PublishAnswer {
  const value = parseJsonObject(answer.body);
  const isSuccess = answer.status >= 200 && answer.status < 300;
  return (isSuccess ? readAccepted(answer, value) : undefined) ?? readRefused(answer, value);
}

type JsonObject = ReturnType<typeof parseJsonObject>;

function readAccepted(answer: HttpAnswer, value: JsonObject): PublishAnswer | undefined {
  if (value === undefined) return undefined;
  const { id, targetId, offset, createdAt, status } = value;
  if (typeof id !== 'string' || typeof targetId !== 'string' || typeof offset !== 'number') return undefined;
  return {
    kind: 'accepted',
    status: answer.status,
    id,
    targetId,
    offset,
    createdAt: textOr(createdAt, ''),
    delivery: status === 'stored' ? 'stored' : 'sent',
    replayed: answer.replayed,
    json: JSON.stringify(value, null, 2),
  };
}

function readRefused({ status, retryAfter, body }: HttpAnswer, value: JsonObject): PublishAnswer {
  const problem = value ?? {};
  const detail = textOr(problem['detail'], '');
  const errors = Array.isArray(problem['errors']) ? problem['errors'].flatMap(readFieldError) : [];
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  return {
    kind: 'refused',
    status,
    title: textOr(problem['title'], 'This answer is not from the API'),
    ...withoutRepetition(detail, errors),
    retryable: status >= 500 || status === STATUS_TOO_MANY_REQUESTS || status === STATUS_REQUEST_TIMEOUT,
    retryAfterSeconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined,
    json: value === undefined ? body : JSON.stringify(value, null, 2),
  };
}

/** The API's detail begins with the first wrong field: shown with a list of the fields, it would say the same twice. */
function withoutRepetition(detail: string, errors: readonly FieldError[]) {
  const [first, ...others] = errors;
  if (first === undefined) return { detail, errors };
  const said = `${first.path === '' ? 'the body' : first.path}: ${first.message}`;
  if (!detail.startsWith(said)) return { detail, errors };
  if (others.length === 0) return { detail, errors: [] };
  return { detail: detail.slice(said.length).replace(/^[.\s]+/, ''), errors };
}

function readFieldError(value: unknown): FieldError[] {
  if (!isJsonObject(value)) return [];
  const { path, message } = value;
  return typeof path === 'string' && typeof message === 'string' ? [{ path, message }] : [];
}
