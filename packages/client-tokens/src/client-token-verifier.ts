import {
  type FollowClaim,
  isGroupId,
  isTargetId,
  readFollowClaim,
  readGroupsClaim,
  TOKEN_BYTES_MAX,
} from '@postline/protocol';
import { type Logger, Slots } from '@postline/service-runtime';
import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import type { ClientTokenKey, ClientTokenSettings } from './client-token-settings.ts';
import { KeyNotKnownError, KeysUnavailableError, RemoteKeySet } from './remote-key-set.ts';

/** Tolerance for `nbf` and `iat`, because clocks differ. `exp` has none: the issuer can choose a later one. */
const LEEWAY_SECONDS = 60;

/** The last second that a Date can hold; an `exp` beyond it is a mistake. */
const LAST_SECOND = 8_640_000_000_000;

/** The content of a valid token. */
export interface ClientToken {
  readonly clientId: string;
  /** Milliseconds since 1970, from which on the token is not valid any more. */
  readonly expiresAt: number;
  /** Milliseconds since 1970; 0 if the token has no `iat`, so that it counts as older than any other. */
  readonly issuedAt: number;
  /** Names of groups that the client follows by its claim `groups`. */
  readonly groups: readonly string[];
  /** Groups that the client may follow by a `follow` frame. */
  readonly follow: FollowClaim;
}

export type ClientTokenResult =
  | { readonly ok: true; readonly value: ClientToken }
  | {
      readonly ok: false;
      /**
       * `expired`: a fresh token is accepted. `unverifiable`: the keys cannot be fetched now; a later check may
       * succeed.
       */
      readonly refusal: 'invalid' | 'expired' | 'unverifiable';
      /** The reason in a word for the log, without any part of the token. */
      readonly reason: string;
    };

export interface ClientTokenVerifier {
  /**
   * Checks a token. The content of a token never makes it reject. `address` is any text that identifies the sender: the
   * number of its tokens that wait for keys is bounded.
   */
  verify(token: string, address: string): Promise<ClientTokenResult>;
}

/** Tokens verified at the same time; four threads do that. The callers bound how many wait. */
const VERIFICATIONS_MAX = 64;

/**
 * The accepted algorithms and keys. The token cannot influence them: its `alg` must be accepted, and `jku`, `jwk` and
 * `x5u` are ignored.
 */
interface Trust {
  readonly algorithms: string[];
  readonly findKey: JWTVerifyGetKey;
  /** Present if keys are fetched. */
  readonly remoteKeys?: RemoteKeySet;
}

export interface ClientTokenVerifierOptions {
  readonly logger: Logger;
  /** Milliseconds between two fetches of keys; 5 s if left out. */
  readonly cooldownMs?: number;
}

/** Creates a verifier of client tokens by the settings. */
export function createClientTokenVerifier(
  settings: ClientTokenSettings,
  options: ClientTokenVerifierOptions,
): ClientTokenVerifier {
  const { algorithms, findKey, remoteKeys } = trustIn(settings.key, options);
  const { issuer, audience } = settings;
  const slots = new Slots({ slotsMax: VERIFICATIONS_MAX });
  const check = async (token: string): Promise<ClientTokenResult> => {
    const now = Date.now();
    const claims: JWTVerifyOptions = {
      algorithms,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(now),
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    };
    const { payload } = await jwtVerify(token, findKey, claims);
    return readClaims(payload, now);
  };
  return {
    verify: async (token, address) => {
      if (token.length > TOKEN_BYTES_MAX) return { ok: false, refusal: 'invalid', reason: 'too_long' };
      const fetchesBefore = remoteKeys?.fetchesBegun ?? 0;
      for (;;) {
        try {
          return await slots.use(() => check(token));
        } catch (error) {
          const isLookedFor = error instanceof KeyNotKnownError && error.fetchNumber <= fetchesBefore;
          if (!isLookedFor) return refusalOf(error);
        }
        try {
          await remoteKeys?.waitForNext(address); // without a slot, so that others are verified meanwhile
        } catch (error) {
          return refusalOf(error);
        }
      }
    },
  };
}

function trustIn(key: ClientTokenKey, { logger, cooldownMs }: ClientTokenVerifierOptions): Trust {
  if (key.kind === 'secret') {
    const secret = crypto.subtle.importKey(
      'raw',
      new TextEncoder().encode(key.secret),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    return { algorithms: ['HS256'], findKey: () => secret };
  }
  const keys = new RemoteKeySet({ url: key.url, keepMs: key.keepMs, logger, cooldownMs });
  return {
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    findKey: (header, token) => keys.find(header, token),
    remoteKeys: keys,
  };
}

/** Checks what the signature does not prove: the client, and that the token is valid now. */
function readClaims(payload: JWTPayload, now: number): ClientTokenResult {
  const { sub, exp, iat = 0 } = payload;
  const invalid = (reason: string): ClientTokenResult => ({ ok: false, refusal: 'invalid', reason });
  if (typeof sub !== 'string' || !isTargetId(sub) || isGroupId(sub)) return invalid('sub');
  if (exp === undefined || !(exp > 0 && exp <= LAST_SECOND)) return invalid('exp');
  if (!Number.isFinite(iat) || iat * 1_000 > now + LEEWAY_SECONDS * 1_000) return invalid('iat');
  const expiresAt = Math.floor(exp) * 1_000;
  if (expiresAt <= now) return { ok: false, refusal: 'expired', reason: 'exp' };
  const groups = readGroupsClaim(payload['groups']);
  const follow = readFollowClaim(payload['follow']);
  return { ok: true, value: { clientId: sub, expiresAt, issuedAt: iat * 1_000, groups, follow } };
}

/** Errors of the library contain the whole payload, so only their code is used. */
function refusalOf(error: unknown): ClientTokenResult {
  if (error instanceof KeysUnavailableError)
    return { ok: false, refusal: 'unverifiable', reason: error.code };
  if (error instanceof KeyNotKnownError) return { ok: false, refusal: 'invalid', reason: error.code };
  if (error instanceof errors.JWTExpired) return { ok: false, refusal: 'expired', reason: 'exp' };
  if (error instanceof errors.JWTClaimValidationFailed)
    return { ok: false, refusal: 'invalid', reason: error.claim };
  if (error instanceof errors.JOSEError) return { ok: false, refusal: 'invalid', reason: error.code };
  return { ok: false, refusal: 'invalid', reason: 'unreadable' };
}
