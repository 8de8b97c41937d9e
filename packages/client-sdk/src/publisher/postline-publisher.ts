import { type Environment, timeAndChance } from '../environment.ts';
import { retryDelayMs } from '../reconnect-policy.ts';
import { readPublishedMessages } from './api-answer.ts';
import { abortedError, type ApiRequest, sendRequest } from './api-request.ts';
import type {
  OutgoingMessage,
  PostlinePublisherOptions,
  PublishedMessage,
  PublishOptions,
} from './publish.ts';
import { PublishError } from './publish-error.ts';

type TimeAndChance = Pick<Environment, 'now' | 'random' | 'after'>;

/** Publishes over HTTP: what may have failed is sent again, under the same key, so that it is stored once. */
export class PostlinePublisher {
  readonly #options: PostlinePublisherOptions;
  readonly #environment: TimeAndChance;
  readonly #attemptMsMax: number;
  readonly #totalMsMax: number;
  readonly #retry: { readonly firstRetryMsMax: number; readonly retryMsMax: number };

  constructor(options: PostlinePublisherOptions, environment: TimeAndChance = timeAndChance) {
    this.#options = options;
    this.#environment = environment;
    /** Twice what the API takes to give up. */
    this.#attemptMsMax = options.attemptMsMax ?? 10_000;
    /** A restart of everything takes less. */
    this.#totalMsMax = options.totalMsMax ?? 60_000;
    this.#retry = {
      firstRetryMsMax: options.firstRetryMsMax ?? 200,
      retryMsMax: options.retryMsMax ?? 10_000,
    };
  }

  /** Resolves when the message is committed in the database; rejects with a PublishError. */
  async publish(message: OutgoingMessage, options: PublishOptions = {}): Promise<PublishedMessage> {
    const { idempotencyKey = crypto.randomUUID(), targetId, message: text } = message;
    const body = { message: text, targetId };
    const published = await this.#send('messages', body, options, { 'Idempotency-Key': idempotencyKey });
    // An answer without one message was thrown as unknown.
    return published[0] as PublishedMessage;
  }

  /** Stores all of them, 1 to 1,000, or none; resolves in their order. Rejects with a PublishError. */
  publishBatch(
    messages: readonly OutgoingMessage[],
    options: PublishOptions = {},
  ): Promise<PublishedMessage[]> {
    const keyed = messages.map((message) => ({ idempotencyKey: crypto.randomUUID(), ...message }));
    return this.#send('messages/batch', { messages: keyed }, options);
  }

  async #send(
    path: string,
    body: unknown,
    { signal }: PublishOptions,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<PublishedMessage[]> {
    const { url, key } = this.#options;
    const base = new URL(url);
    if (!base.pathname.endsWith('/')) base.pathname += '/';
    const request: ApiRequest = {
      url: new URL(path, base),
      headers: { ...headers, ...(key !== undefined && { Authorization: `Bearer ${key}` }) },
      body: JSON.stringify(body),
      msMax: this.#attemptMsMax,
      signal,
    };
    const endsAtMs = this.#environment.now() + this.#totalMsMax;
    for (let failures = 1; ; failures += 1) {
      try {
        const answer = await sendRequest(request, this.#environment);
        return readPublishedMessages(answer, this.#environment.now());
      } catch (error) {
        if (!(error instanceof PublishError) || !error.retryable) throw error;
        const jitterMs = retryDelayMs(failures, this.#retry, () => this.#environment.random());
        const waitMs = (error.retryAfterMs ?? 0) + jitterMs;
        if (this.#environment.now() + waitMs >= endsAtMs) throw error;
        await this.#wait(waitMs, signal);
      }
    }
  }

  /** Rejects at once where the signal aborts. */
  async #wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    const ended = new AbortController();
    await new Promise<void>((resolve) => {
      const cancelTimer = this.#environment.after(milliseconds, resolve);
      const onAbort = () => {
        cancelTimer();
        resolve();
      };
      signal?.addEventListener('abort', onAbort, { signal: ended.signal });
    });
    ended.abort();
    if (signal?.aborted === true) throw abortedError(signal);
  }
}
