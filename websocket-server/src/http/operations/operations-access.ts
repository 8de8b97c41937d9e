import type { IncomingMessage } from 'node:http';
import type { HttpErrorCode } from '@postline/protocol';
import { mayAddress, type PublisherKeys } from '@postline/publisher-keys';
import {
  addressGroup,
  bearerOf,
  clientAddress,
  RateLimiter,
  type TrustedProxies,
} from '@postline/service-runtime';
import type { RelaySettings } from '../../configuration.ts';

const SECONDS_PER_MINUTE = 60;
const MS_PER_SECOND = 1_000;

/** A page asks once a second; a few pages may be open behind one address. */
const REQUESTS_PER_SECOND = 20;

export interface Refusal {
  readonly code: HttpErrorCode;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Who may see what. */
export type OperationsRight =
  | { readonly ok: true; readonly mayShow: (targetId: string) => boolean }
  | { readonly ok: false; readonly refusal: Refusal };

export interface OperationsAccessOptions {
  /** Undefined in open mode: everything is shown to everyone who reaches the relay. */
  readonly keys: PublisherKeys | undefined;
  readonly proxies: TrustedProxies | undefined;
  /** Invalid keys that one address may send in a minute. */
  readonly failuresPerMinute: number;
}

export type OperationsAccessSettings = Pick<
  RelaySettings,
  'auth' | 'publisherKeys' | 'trustedProxies' | 'failedAuthenticationsPerMinute'
>;

const UNAUTHORIZED: Refusal = {
  code: 'unauthorized',
  detail: 'A key with the scope manage is required: Authorization: Bearer <key>.',
  headers: { 'WWW-Authenticate': 'Bearer' },
};
const LACKS_SCOPE: Refusal = { code: 'forbidden', detail: 'This key lacks the scope manage.' };

/** Authorizes requests for the data of the operations page. */
export class OperationsAccess {
  readonly #options: OperationsAccessOptions;
  readonly #failures: RateLimiter;
  readonly #requests = new RateLimiter({ perSecond: REQUESTS_PER_SECOND });

  constructor(options: OperationsAccessOptions) {
    this.#options = options;
    const perSecond = options.failuresPerMinute / SECONDS_PER_MINUTE;
    this.#failures = new RateLimiter({ perSecond, burstSeconds: SECONDS_PER_MINUTE });
  }

  authorize(request: IncomingMessage): OperationsRight {
    const { keys, proxies } = this.#options;
    const address = addressGroup(clientAddress(request, proxies));
    const waitMs = this.#requests.take(address);
    if (waitMs > 0) return refused(tooMany('This address sent too many requests.', waitMs));
    if (keys === undefined) return { ok: true, mayShow: () => true };
    return this.#authorizeKey(keys, { key: bearerOf(request), address });
  }

  #authorizeKey(
    keys: PublisherKeys,
    { key, address }: { readonly key: string | undefined; readonly address: string },
  ): OperationsRight {
    if (key === undefined) return refused(UNAUTHORIZED);
    const holder = keys.find(key);
    if (holder === undefined) {
      const waitMs = this.#failures.take(address);
      return refused(waitMs > 0 ? tooMany('This address sent too many invalid keys.', waitMs) : UNAUTHORIZED);
    }
    if (!holder.scopes.has('manage')) return refused(LACKS_SCOPE);
    return { ok: true, mayShow: (targetId) => mayAddress(holder, targetId) };
  }
}

/** The access that the relay's settings allow. */
export function createOperationsAccess({
  auth,
  publisherKeys,
  trustedProxies: proxies,
  failedAuthenticationsPerMinute: failuresPerMinute,
}: OperationsAccessSettings): OperationsAccess {
  const keys = auth === 'open' ? undefined : publisherKeys;
  return new OperationsAccess({ keys, proxies, failuresPerMinute });
}

function refused(refusal: Refusal): OperationsRight {
  return { ok: false, refusal };
}

function tooMany(detail: string, waitMs: number): Refusal {
  const seconds = Math.ceil(waitMs / MS_PER_SECOND);
  return { code: 'rate_limited', detail, headers: { 'Retry-After': String(seconds) } };
}
