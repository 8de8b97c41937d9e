import { jsonId } from '../page/client-id.ts';
import { type PublishAnswer, readPublishAnswer } from './publish-answer.ts';

/** The API answers or gives up within five seconds; after three times that no answer will come. */
const ANSWER_WITHIN_MS = 15_000;

export interface OutgoingMessage {
  readonly targetId: string;
  readonly text: string;
  /** The text is JSON, and is sent as the value that it is. */
  readonly isJson: boolean;
}

export interface PublishOptions {
  readonly apiUrl: string;
  readonly idempotencyKey: string;
  /** The header with the key, if there is one. */
  readonly authorization: () => Readonly<Record<string, string>>;
}

/** Sends one message to the API. Never rejects: a failure is part of the answer. */
export async function publishMessage(
  message: OutgoingMessage,
  { apiUrl, idempotencyKey, authorization }: PublishOptions,
): Promise<PublishAnswer> {
  const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    const response = await fetch(apiUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey, ...authorization() },
      body: bodyOf(message),
      credentials: 'omit',
      signal: late,
    });
    return readPublishAnswer({
      status: response.status,
      body: await response.text(),
      replayed: response.headers.get('Idempotent-Replayed') === 'true',
      retryAfter: response.headers.get('Retry-After'),
    });
  } catch {
    return {
      kind: 'unanswered',
      reason: late.aborted
        ? `The API at ${apiUrl} did not answer within ${ANSWER_WITHIN_MS / 1_000} seconds.`
        : `The API at ${apiUrl} cannot be reached from this page: it does not run, or its ALLOWED_ORIGINS do not name ${location.origin}.`,
    };
  }
}

function bodyOf({ targetId, text, isJson }: OutgoingMessage): string {
  const target = `"targetId":${JSON.stringify(jsonId(targetId))}`;
  return isJson ? `{"json":${text},${target}}` : `{"message":${JSON.stringify(text)},${target}}`;
}
