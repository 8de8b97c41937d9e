import type { IncomingMessage } from 'node:http';
import { addressGroup, clientAddress, RateLimiter, type TrustedProxies } from '@postline/service-runtime';
import type { Publisher } from '@postline/publisher-keys';
import { rateLimited, type Refusal } from '../http/answers/problem.ts';

export interface PublishRateSettings {
  /** Messages per second; undefined: no limit. */
  readonly perKey: number | undefined;
  readonly perAddress: number | undefined;
}

export interface PublishRatesOptions extends PublishRateSettings {
  readonly proxies: TrustedProxies | undefined;
}

/** Limits the messages that each publisher and each address may publish in a second. */
export class PublishRates {
  readonly #byName: RateLimiter | undefined;
  readonly #byAddress: RateLimiter | undefined;
  readonly #proxies: TrustedProxies | undefined;

  constructor({ perKey, perAddress, proxies }: PublishRatesOptions) {
    this.#byName = perKey === undefined ? undefined : new RateLimiter({ perSecond: perKey });
    this.#byAddress = perAddress === undefined ? undefined : new RateLimiter({ perSecond: perAddress });
    this.#proxies = proxies;
  }

  /** Counts a request as one message before its body is received. Refuses it if the limit is reached. */
  admit(request: IncomingMessage, publisher: Publisher | undefined): Refusal | undefined {
    const addressWaitMs = this.#byAddress?.take(this.#addressOf(request)) ?? 0;
    if (addressWaitMs > 0) return refusal('address', addressWaitMs);
    const waitMs = publisher === undefined ? 0 : (this.#byName?.take(publisher.name) ?? 0);
    return waitMs > 0 ? refusal('key', waitMs) : undefined;
  }

  /** Counts the further messages of an admitted request: it proceeds, and later requests wait for it. */
  charge(request: IncomingMessage, publisher: Publisher | undefined, furtherMessages: number): void {
    if (furtherMessages === 0) return;
    this.#byAddress?.charge(this.#addressOf(request), furtherMessages);
    if (publisher !== undefined) this.#byName?.charge(publisher.name, furtherMessages);
  }

  #addressOf(request: IncomingMessage): string {
    return addressGroup(clientAddress(request, this.#proxies));
  }
}

function refusal(whose: 'key' | 'address', waitMs: number): Refusal {
  return rateLimited(`This ${whose} exceeded its publish rate. Nothing was stored.`, waitMs);
}
