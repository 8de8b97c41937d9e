import type { IncomingMessage } from 'node:http';
import type { ClientToken, ClientTokenVerifier } from '@postline/client-tokens';
import { type DisconnectStore, isTokenRevoked, type MemberStore } from '@postline/message-store';
import { groupNameOf, isGroupId, isTargetId } from '@postline/protocol';
import {
  addressGroup,
  bearerOf,
  clientAddress,
  RateLimiter,
  type TrustedProxies,
} from '@postline/service-runtime';
import { type KeyScope, mayAddress, type Publisher, type PublisherKeys } from '@postline/publisher-keys';
import {
  DATABASE_LATE,
  OVERLOADED,
  type Parsed,
  rateLimited,
  type Refusal,
} from '../http/answers/problem.ts';

const UNAUTHORIZED: Refusal = {
  code: 'unauthorized',
  detail: 'A valid key or token is required: Authorization: Bearer <key>.',
  headers: { 'WWW-Authenticate': 'Bearer' },
};

const FOREIGN_TARGET: Refusal = {
  code: 'forbidden',
  detail: 'This key or token does not include this target.',
};

const TOKENS_UNVERIFIABLE: Refusal = {
  ...OVERLOADED,
  detail: 'The token cannot be verified at the moment.',
};

const SECONDS_PER_MINUTE = 60;

/** The part of a log that a caller may read. */
export interface LogRight {
  /** Messages after this offset; undefined: all. */
  readonly from: number | undefined;
}

const WHOLE_LOG: Parsed<LogRight> = { ok: true, value: { from: undefined } };

/** How callers are authenticated with AUTH=required. */
export interface AccessControlOptions {
  readonly keys: PublisherKeys;
  /** Verifies the tokens of clients, which may read their own log. */
  readonly tokens: ClientTokenVerifier;
  readonly store: Pick<DisconnectStore, 'readDisconnects'> & Pick<MemberStore, 'readMembership'>;
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

  /**
   * Authorizes a request that reads data of a target: with a key that has the scope, or with the client's own token.
   * Resolves with the refusal, if any.
   */
  async refuseReading(
    request: IncomingMessage,
    scope: KeyScope,
    targetId: string,
  ): Promise<Refusal | undefined> {
    const token = await this.#tokenOf(request);
    if (token === undefined) return this.refuse(request, scope, targetId);
    if (!token.ok) return token.refusal;
    return token.value.clientId === targetId ? undefined : FOREIGN_TARGET;
  }

  /**
   * Authorizes a request that reads the messages of a target. A group can also be read with the token of a member; a
   * stored member reads only messages after `from`.
   */
  async authorizeLog(request: IncomingMessage, targetId: string): Promise<Parsed<LogRight>> {
    const token = await this.#tokenOf(request);
    if (token === undefined) {
      const refusal = this.refuse(request, 'read', targetId);
      return refusal === undefined ? WHOLE_LOG : { ok: false, refusal };
    }
    if (!token.ok) return token;
    if (token.value.clientId === targetId) return WHOLE_LOG;
    if (!isGroupId(targetId) || !isTargetId(targetId)) return { ok: false, refusal: FOREIGN_TARGET };
    return await this.#authorizeMember(token.value, groupNameOf(targetId));
  }

  async #authorizeMember({ clientId, groups }: ClientToken, groupName: string): Promise<Parsed<LogRight>> {
    const membership = await this.#ask((store) => store.readMembership({ groupName, clientId }));
    if (!membership.ok) return membership;
    if (membership.value !== undefined) return { ok: true, value: { from: membership.value.from } };
    return groups.includes(groupName) ? WHOLE_LOG : { ok: false, refusal: FOREIGN_TARGET };
  }

  /** The valid token that a request brought; undefined if it brought none but a key or nothing, and in open mode. */
  async #tokenOf(request: IncomingMessage): Promise<Parsed<ClientToken> | undefined> {
    const bearer = bearerOf(request);
    const isKey = bearer === undefined || this.#publisherOf(request, bearer) !== undefined;
    if (this.#options === undefined || isKey) return undefined;

    const waitMs = this.#failureWaitMs(request);
    if (waitMs > 0) return { ok: false, refusal: tooManyFailures(waitMs) }; // for a valid token too: verifying it is the cost
    const checked = await this.#options.tokens.verify(bearer, this.#addressOf(request));
    if (!checked.ok) {
      if (checked.refusal === 'unverifiable') return { ok: false, refusal: TOKENS_UNVERIFIABLE };
      this.#countFailure(request);
      return { ok: false, refusal: UNAUTHORIZED };
    }
    const { clientId, issuedAt } = checked.value;
    this.#clients.set(request, `client ${clientId}`);
    const disconnects = await this.#ask((store) => store.readDisconnects([clientId]));
    if (!disconnects.ok) return disconnects;
    const isRevoked = isTokenRevoked(issuedAt, disconnects.value?.disconnects.get(clientId));
    return isRevoked ? { ok: false, refusal: UNAUTHORIZED } : checked;
  }

  async #ask<T>(read: (store: AccessControlOptions['store']) => Promise<T>): Promise<Parsed<T | undefined>> {
    if (this.#options === undefined) return { ok: true, value: undefined };
    try {
      return { ok: true, value: await read(this.#options.store) };
    } catch {
      return { ok: false, refusal: DATABASE_LATE };
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

function tooManyFailures(waitMs: number): Refusal {
  return rateLimited('This address sent too many invalid keys or tokens.', waitMs);
}
