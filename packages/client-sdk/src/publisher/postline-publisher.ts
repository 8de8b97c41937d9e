import { type Environment, timeAndChance } from '../platform/environment.ts';
import { checkOptions, isAmount, type OptionChecks } from '../option-checks.ts';
import { retryDelayMs } from '../retry-policy.ts';
import { readPublishedMessages } from './api-answer.ts';
import { abortedError, type ApiRequest, apiUrl, sendRequest } from './api-request.ts';
import type {
  OutgoingMessage,
  PostlinePublisherOptions,
  PublishedMessage,
  PublishOptions,
} from './publish.ts';
import { PublishError } from './publish-error.ts';
import { randomKey } from './random-key.ts';

/** The characters of an HTTP header. Any other one would fail at every attempt. */
const HEADER_TEXT = /^[\t\x20-\x7e]*$/;

const CHECKS: OptionChecks<PostlinePublisherOptions> = {
  url: () => true, // checked for itself, and required
  key: (value) => typeof value === 'string' && HEADER_TEXT.test(value),
  attemptMsMax: isAmount,
  totalMsMax: isAmount,
  firstRetryMsMax: isAmount,
  retryMsMax: isAmount,
};

type TimeAndChance = Pick<Environment, 'now' | 'random' | 'after'>;

/**
 * Publishes over HTTP. After a failure it sends the message again under the same key, so that it is stored once. Options
 * that can never work throw a TypeError.
 */
export class PostlinePublisher {
  readonly #url: string;
  readonly #key: string | undefined;
  readonly #environment: TimeAndChance;
  readonly #attemptMsMax: number;
  readonly #totalMsMax: number;
  readonly #retry: { readonly firstRetryMsMax: number; readonly retryMsMax: number };

  constructor(options: PostlinePublisherOptions, environment: TimeAndChance = timeAndChance) {
    checkOptions(CHECKS, options);
    this.#url = apiUrl(options.url);
    this.#key = options.key;
    this.#environment = environment;
    /** Twice the time after which the API itself gives up. */
    this.#attemptMsMax = options.attemptMsMax ?? 10_000;
    /** Longer than a restart of API and database. */
    this.#totalMsMax = options.totalMsMax ?? 60_000;
    this.#retry = {
      firstRetryMsMax: options.firstRetryMsMax ?? 200,
      retryMsMax: options.retryMsMax ?? 10_000,
    };
  }

  /** Resolves when the message is committed in the database; rejects with a PublishError. */
  async publish(message: OutgoingMessage, options: PublishOptions = {}): Promise<PublishedMessage> {
    const { idempotencyKey = randomKey(), targetId, message: text, json } = message;
    const request = this.#request('messages', () => ({ message: text, json, targetId }), options, {
      'Idempotency-Key': idempotencyKey,
    });
    const published = await this.#send(request, 1);
    // An answer with another number of messages was rejected as unknown.
    return published[0] as PublishedMessage;
  }

  /** Stores 1 to 1,000 messages, all or none. Resolves in their order; rejects with a PublishError. */
  async publishBatch(
    messages: readonly OutgoingMessage[],
    options: PublishOptions = {},
  ): Promise<PublishedMessage[]> {
    const keyed = () => messages.map((message) => ({ idempotencyKey: randomKey(), ...message }));
    const request = this.#request('messages/batch', () => ({ messages: keyed() }), options);
    return this.#send(request, messages.length);
  }

  /** Throws a PublishError if no such request is possible. */
  #request(
    path: string,
    makeBody: () => unknown,
    { signal }: PublishOptions,
    ownHeaders: Readonly<Record<string, string>> = {},
  ): ApiRequest {
    const key = this.#key;
    const headers = { ...ownHeaders, ...(key !== undefined && { Authorization: `Bearer ${key}` }) };
    if (typeof fetch === 'undefined')
      throw new PublishError('cannot_connect', 'This platform has no fetch.', { retryable: false });
    try {
      for (const [name, text] of Object.entries(headers))
        if (!HEADER_TEXT.test(text))
          throw new TypeError(`${name} has a character that is not allowed in a header`);
      const body = JSON.stringify(makeBody());
      return { url: `${this.#url}/${path}`, headers, body, msMax: this.#attemptMsMax, signal };
    } catch (cause) {
      const words = `The request cannot be built: ${cause instanceof Error ? cause.message : String(cause)}.`;
      throw new PublishError('invalid_request', words, { retryable: false, cause });
    }
  }

  async #send(request: ApiRequest, count: number): Promise<PublishedMessage[]> {
    const { signal } = request;
    const endsAtMs = this.#environment.now() + this.#totalMsMax;
    for (let failures = 1; ; failures += 1) {
      try {
        const answer = await sendRequest(request, this.#environment);
        return readPublishedMessages(answer, count);
      } catch (error) {
        if (!(error instanceof PublishError) || !error.retryable) throw error;
        const jitterMs = retryDelayMs(failures, this.#retry, () => this.#environment.random());
        const waitMs = (error.retryAfterMs ?? 0) + jitterMs;
        if (this.#environment.now() + waitMs >= endsAtMs) throw error;
        await this.#wait(waitMs, signal);
      }
    }
  }

  /** Rejects at once if the signal aborts. */
  async #wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    let stop: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      const cancelTimer = this.#environment.after(milliseconds, resolve);
      stop = () => {
        cancelTimer();
        resolve();
      };
      signal?.addEventListener('abort', stop);
    });
    signal?.removeEventListener('abort', stop);
    if (signal?.aborted === true) throw abortedError(signal);
  }
}
