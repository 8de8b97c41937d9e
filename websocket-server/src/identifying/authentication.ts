import {
  type ClientToken,
  type ClientTokenResult,
  type ClientTokenSettings,
  type ClientTokenVerifier,
  createClientTokenVerifier,
} from '@postline/client-tokens';
import type { Logger } from '@postline/service-runtime';
import type { AddressLimits } from '../admission/address-limits.ts';
import type { RefusalLog } from '../admission/refusal-log.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';

/** Who claims to be which client, from where. */
export interface Claimant {
  readonly clientId: string;
  readonly token: string | undefined;
  /** The address that limits count it by. */
  readonly address: string;
  readonly connectionId: string;
}

/** The token is undefined in open mode. */
export type AuthenticationResult =
  | { readonly ok: true; readonly token: ClientToken | undefined }
  | Extract<ClientTokenResult, { ok: false }>;

/** Proves that a client is the one it claims to be. Knows no transport. */
export interface Authentication {
  /** Never rejects for anything that is in the token. `isRevoked` is asked last, about a token that is valid. */
  authenticate(
    claimant: Claimant,
    isRevoked?: (token: ClientToken) => Promise<boolean>,
  ): Promise<AuthenticationResult>;
}

/** Accepts any claim; ignores tokens. */
export const OPEN_AUTHENTICATION: Authentication = {
  authenticate: () => Promise.resolve({ ok: true, token: undefined }),
};

export interface AuthenticationOptions extends Omit<TokenAuthenticationOptions, 'verifier'> {
  /** How tokens are checked; undefined in open mode. */
  readonly clientTokens: ClientTokenSettings | undefined;
}

export function createAuthentication({ clientTokens, ...options }: AuthenticationOptions): Authentication {
  if (clientTokens === undefined) return OPEN_AUTHENTICATION;
  const verifier = createClientTokenVerifier(clientTokens, { logger: options.logger });
  return new TokenAuthentication({ verifier, ...options });
}

export interface TokenAuthenticationOptions {
  readonly verifier: ClientTokenVerifier;
  readonly counters: Pick<RelayCounters, 'countTokenCheck'>;
  readonly logger: Logger;
  readonly addresses: Pick<AddressLimits, 'noteBadToken'>;
  readonly refusals: Pick<RefusalLog, 'note'>;
}

type Refused = Pick<Extract<AuthenticationResult, { ok: false }>, 'refusal' | 'reason'>;
const MISSING: Refused = { refusal: 'invalid', reason: 'missing' };
const OTHER_CLIENT: Refused = { refusal: 'invalid', reason: 'other_client' };
const REVOKED: Refused = { refusal: 'invalid', reason: 'revoked' };

/** Requires a valid token of the very client. */
export class TokenAuthentication implements Authentication {
  readonly #options: TokenAuthenticationOptions;

  constructor(options: TokenAuthenticationOptions) {
    this.#options = options;
  }

  async authenticate(
    claimant: Claimant,
    isRevoked?: (token: ClientToken) => Promise<boolean>,
  ): Promise<AuthenticationResult> {
    const { clientId, token, address } = claimant;
    if (token === undefined) return this.#refuse(claimant, MISSING);
    const result = await this.#options.verifier.verify(token, address);
    if (!result.ok) return this.#refuse(claimant, result);
    if (result.value.clientId !== clientId) return this.#refuse(claimant, OTHER_CLIENT);
    if (isRevoked !== undefined && (await isRevoked(result.value))) return this.#refuse(claimant, REVOKED);
    this.#options.counters.countTokenCheck('accepted');
    return { ok: true, token: result.value };
  }

  #refuse({ address, connectionId }: Claimant, { refusal, reason }: Refused): AuthenticationResult {
    this.#options.counters.countTokenCheck(refusal);
    this.#options.logger.debug({ connectionId, refusal, reason }, 'a token was refused');
    if (refusal === 'invalid') {
      this.#options.addresses.noteBadToken(address);
      this.#options.refusals.note('token-refused', undefined, reason);
    }
    return { ok: false, refusal, reason };
  }
}
