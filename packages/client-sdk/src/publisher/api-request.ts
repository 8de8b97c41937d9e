import type { Environment } from '../environment.ts';
import type { ApiAnswer } from './api-answer.ts';
import { PublishError } from './publish-error.ts';

export interface ApiRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly msMax: number;
  readonly signal: AbortSignal | undefined;
}

/** One attempt. Rejects with a PublishError where no whole answer came. */
export async function sendRequest(
  request: ApiRequest,
  environment: Pick<Environment, 'after'>,
): Promise<ApiAnswer> {
  const { url, headers, body, msMax, signal } = request;
  const late = new AbortController();
  const cancelTimer = environment.after(msMax, () => late.abort());
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body,
      signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
    });
    return {
      status: response.status,
      body: await response.text(),
      retryAfter: response.headers.get('Retry-After'),
      isReplayed: response.headers.get('Idempotent-Replayed') === 'true',
    };
  } catch (cause) {
    if (signal?.aborted === true) throw abortedError(signal);
    throw late.signal.aborted
      ? new PublishError('timeout', `The API did not answer within ${msMax} ms.`, { retryable: true })
      : new PublishError('unreachable', 'The API cannot be reached.', { retryable: true, cause });
  } finally {
    cancelTimer();
  }
}

export function abortedError(signal: AbortSignal): PublishError {
  return new PublishError('aborted', 'The publish was aborted.', { retryable: false, cause: signal.reason });
}
