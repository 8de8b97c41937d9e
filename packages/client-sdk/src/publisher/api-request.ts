import { requireOption } from '../option-checks.ts';
import { absoluteUrl } from '../absolute-url.ts';
import type { Environment } from '../platform/environment.ts';
import type { ApiAnswer } from './api-answer.ts';
import { PublishError } from './publish-error.ts';

/** The API's address without a trailing slash. Throws a TypeError if it is invalid. */
export function apiUrl(url: unknown): string {
  const href = absoluteUrl(url, /^https?:\/\//);
  requireOption(!/^[^/]*\/\/[^/]*@/.test(href), 'url', 'it contains a password; use the option key');
  return href.replace(/\?.*/, '').replace(/\/+$/, '');
}

export interface ApiRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly msMax: number;
  readonly signal: AbortSignal | undefined;
}

/** Makes one attempt. Rejects with a PublishError if no complete answer arrives. */
export async function sendRequest(
  request: ApiRequest,
  environment: Pick<Environment, 'after'>,
): Promise<ApiAnswer> {
  const { msMax, signal } = request;
  if (signal?.aborted === true) throw abortedError(signal);
  // Some platforms cannot abort a fetch; its result is then ignored.
  const controller = typeof AbortController === 'undefined' ? undefined : new AbortController();
  let giveUp: (error: PublishError) => void = () => undefined;
  const givenUp = new Promise<never>((_resolve, reject) => {
    giveUp = reject;
  });
  const cancelTimer = environment.after(msMax, () =>
    giveUp(new PublishError('timeout', `The API did not answer within ${msMax} ms.`, { retryable: true })),
  );
  const onAbort = () => giveUp(abortedError(signal));
  signal?.addEventListener('abort', onAbort);
  try {
    return await Promise.race([fetchAnswer(request, controller?.signal), givenUp]);
  } finally {
    cancelTimer();
    signal?.removeEventListener('abort', onAbort);
    controller?.abort();
  }
}

async function fetchAnswer(request: ApiRequest, signal: AbortSignal | undefined): Promise<ApiAnswer> {
  const { url, headers, body } = request;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body,
      ...(signal !== undefined && { signal }),
    });
    return {
      status: response.status,
      body: await response.text(),
      date: response.headers.get('Date'),
      retryAfter: response.headers.get('Retry-After'),
      isReplayed: response.headers.get('Idempotent-Replayed') === 'true',
    };
  } catch (cause) {
    throw new PublishError('unreachable', 'The API cannot be reached.', { retryable: true, cause });
  }
}

export function abortedError(signal: AbortSignal | undefined): PublishError {
  return new PublishError('aborted', 'The publish was aborted.', { retryable: false, cause: signal?.reason });
}
