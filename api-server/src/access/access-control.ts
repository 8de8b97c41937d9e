import type { IncomingMessage } from 'node:http';
import type { ClientToken, ClientTokenVerifier } from '@postline/client-tokens';
import { type DisconnectStore, isWithdrawn } from '@postline/message-store';
import { addressGroup, clientAddress, RateLimiter, type TrustedProxies } from '@postline/service-runtime';
import { type KeyScope, mayAddress, type Publisher, type PublisherKeys } from './publisher-keys.ts';
import {
  DATABASE_LATE,
  OVERLOADED,
  type Parsed,
  rateLimited,
  type Refusal,
} from '../http/answers/problem.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

const UNAUTHORIZED: Refusal = {
  code: 'unauthorized',
  detail: 'A valid key or token is required: Authorization: Bearer <key>.',
  headers: { 'WWW-Authenticate': 'Bearer' },
};

const FOREIGN_TARGET: Refusal = {
  code: 'forbidden',
  detail: 'This key or token does not include this target.',
};

const SECONDS_PER_MINUTE = 60;

/** How callers are authenticated with AUTH=required. */
export interface AccessControlOptions {
  readonly keys: PublisherKeys;
  /** Verifies the tokens of clients, which may read their own log. */
  readonly tokens: ClientTokenVerifier;
  readonly disconnects: Pick<DisconnectStore, 'readDisconnects'>;
  readonly proxies: TrustedProxies | undefined;
  /** Invalid keys and tokens that one address may send in a minute. */
  readonly failuresPerMinute: number;
}

/** Authorizes requests. Without options (open mode) everything is allowed. */
export class AccessControl {
  readonly #options: AccessControlOptions | undefined;
  readonly #failures: RateLimiter | undefined;
  readonly #names = new WeakMap<IncomingMessage, string>();
  readonly #clients = new WeakMap<IncomingMessage, string>();

  constructor(options: AccessControlOptions | undefined) {
    this.#options = options;
    if (options === undefined) return;
    const perSecond = options.failuresPerMinute / SECONDS_PER_MINUTE;
    this.#failures = new RateLimiter({ perSecond, burstSeconds: SECONDS_PER_MINUTE });
  }

  /** The name of the key that a request used, for the log. */
  nameOf(request: IncomingMessage): string | undefined {
    return this.#names.get(request);
  }

  /** The holder of the key or token that a request used; undefined in open mode. */
  callerOf(request: IncomingMessage): string | undefined {
    const name = this.#names.get(request);
    return name === undefined ? this.#clients.get(request) : `key ${name}`;
  }

  /** The holder of the request's key, if the key has this scope; undefined in open mode. */
  authorize(request: IncomingMessage, scope: KeyScope): Parsed<Publisher | undefined> {
    if (this.#options === undefined) return { ok: true, value: undefined };
    const bearer = bearerOf(request);
    const publisher = this.#publisherOf(request, bearer);
    if (publisher !== undefined) {
      if (publisher.scopes.has(scope)) return { ok: true, value: publisher };
      return { ok: false, refusal: { code: 'forbidden', detail: `This key lacks the scope ${scope}.` } };
    }
    const waitMs = this.#failureWaitMs(request);
    if (bearer !== undefined && waitMs > 0) return { ok: false, refusal: tooManyFailures(waitMs) };
    if (bearer !== undefined) this.#countFailure(request);
    return { ok: false, refusal: UNAUTHORIZED };
  }

  /** Authorizes a request for one target. Returns the refusal, if any. */
  refuse(request: IncomingMessage, scope: KeyScope, targetId: string): Refusal | undefined {
    const caller = this.authorize(request, scope);
    if (!caller.ok) return caller.refusal;
    return refuseTarget(caller.value, targetId);
  }

  /** Authorizes a request that reads a target: by a key with the scope `read`, or by the client's own token. */
  async refuseReading(request: IncomingMessage, targetId: string): Promise<Refusal | undefined> {
    const bearer = bearerOf(request);
    const isKey = bearer === undefined || this.#publisherOf(request, bearer) !== undefined;
    if (this.#options === undefined || isKey) return this.refuse(request, 'read', targetId);

    const waitMs = this.#failureWaitMs(request);
    if (waitMs > 0) return tooManyFailures(waitMs); // for a valid token too: verifying it is the cost
    const checked = await this.#options.tokens.verify(bearer, this.#addressOf(request));
    if (checked.ok) {
      this.#clients.set(request, `client ${checked.value.clientId}`);
      return await this.#refuseClient(checked.value, targetId);
    }
    if (checked.refusal === 'unverifiable')
      return { ...OVERLOADED, detail: 'The token cannot be verified at the moment.' };
    this.#countFailure(request);
    return UNAUTHORIZED;
  }

  async #refuseClient({ clientId, issuedAt }: ClientToken, targetId: string): Promise<Refusal | undefined> {
    if (clientId !== targetId) return FOREIGN_TARGET;
    try {
      const reading = await this.#options?.disconnects.readDisconnects([clientId]);
      return isWithdrawn(issuedAt, reading?.disconnects.get(clientId)) ? UNAUTHORIZED : undefined;
    } catch {
      return DATABASE_LATE;
    }
  }

  #publisherOf(request: IncomingMessage, bearer: string | undefined): Publisher | undefined {
    const publisher = bearer === undefined ? undefined : this.#options?.keys.find(bearer);
    if (publisher !== undefined) this.#names.set(request, publisher.name);
    return publisher;
  }

  #failureWaitMs(request: IncomingMessage): number {
    return this.#failures?.waitMs(this.#addressOf(request)) ?? 0;
  }

  #countFailure(request: IncomingMessage): void {
    this.#failures?.charge(this.#addressOf(request), 1);
  }

  #addressOf(request: IncomingMessage): string {
    return addressGroup(clientAddress(request, this.#options?.proxies));
  }
}

/** Refuses a target that the publisher's prefixes do not include. */
export function refuseTarget(publisher: Publisher | undefined, targetId: string): Refusal | undefined {
  return publisher === undefined || mayAddress(publisher, targetId) ? undefined : FOREIGN_TARGET;
}

function bearerOf({ headers }: IncomingMessage): string | undefined {
  return BEARER.exec(headers.authorization ?? '')?.[1];
}

function tooManyFailures(waitMs: number): Refusal {
  return rateLimited('This address sent too many invalid keys or tokens.', waitMs);
}
