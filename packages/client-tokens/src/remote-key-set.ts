import type { Logger } from '@postline/service-runtime';
import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
import { z } from 'zod';

/** A client waits for the answer, and is given up after 10 s itself. */
const FETCH_TIMEOUT_MS = 5_000;
/** Some hundred keys; those of the large providers take less than a tenth of it. */
const BODY_BYTES_MAX = 256 * 1024;
/** How late it is noticed that a key was withdrawn. */
const FRESH_MS = 5 * 60_000;
/** Between two fetches, whatever came of the first: whoever makes up key ids must not make us flood the address. */
const COOLDOWN_MS = 5_000;

/** The keys can't be had now: whether a token is good is not known. */
export class KeysUnavailableError extends Error {
  readonly code = 'keys_unavailable';

  constructor(options?: ErrorOptions) {
    super('the keys of client tokens can not be fetched', options);
    this.name = 'KeysUnavailableError';
  }
}

type FindKey = ReturnType<typeof createLocalJWKSet>;

interface FetchedKeys {
  readonly find: FindKey;
  /** On the clock that nobody sets (`performance.now()`). */
  readonly fetchedAt: number;
}

export interface RemoteKeySetOptions {
  readonly url: string;
  /** Milliseconds for which keys count while their address does not answer. */
  readonly keepMs: number;
  readonly logger: Logger;
}

const jwksSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/**
 * The public keys at an address (JWKS, RFC 7517). They are kept and fetched anew in the background every few minutes;
 * a key id that is not among them is looked for once more, as keys may have been rotated. While the address does not
 * answer, those that are known go on.
 */
export class RemoteKeySet {
  readonly #options: RemoteKeySetOptions;
  #known: FetchedKeys | undefined;
  #fetching: Promise<FetchedKeys> | undefined;
  #lastFetchAt = Number.NEGATIVE_INFINITY;
  #failing = false;

  constructor(options: RemoteKeySetOptions) {
    this.#options = options;
  }

  /** The key for a token's header. Rejects with a KeysUnavailableError where that can't be said now. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const known = await this.#usableKeys();
    try {
      return await known.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const newer = await this.#newerThan(known);
      if (newer === undefined) throw error;
      return await newer.find(header, token);
    }
  }

  /** Those that are known while they may be used, else those that are fetched now. */
  async #usableKeys(): Promise<FetchedKeys> {
    const known = this.#known;
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : performance.now() - known.fetchedAt;
    if (known === undefined || ageMs > Math.max(FRESH_MS, this.#options.keepMs))
      return await this.#fetchOnce();
    if (ageMs > FRESH_MS) this.#fetchOnce().catch(() => undefined); // said once; those that are known go on
    return known;
  }

  /** What a fetch brings that was not among the known; `undefined` where these were fetched a moment ago. */
  async #newerThan(known: FetchedKeys): Promise<FetchedKeys | undefined> {
    if (this.#known !== undefined && this.#known !== known) return this.#known;
    const isOfAMomentAgo = performance.now() - known.fetchedAt < COOLDOWN_MS;
    return isOfAMomentAgo ? undefined : await this.#fetchOnce();
  }

  /** One fetch for all who ask meanwhile; none where the last one was a moment ago. */
  #fetchOnce(): Promise<FetchedKeys> {
    if (this.#fetching !== undefined) return this.#fetching;
    if (performance.now() - this.#lastFetchAt < COOLDOWN_MS)
      return Promise.reject(new KeysUnavailableError());
    this.#lastFetchAt = performance.now();
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<FetchedKeys> {
    try {
      const find = createLocalJWKSet(await fetchJwks(this.#options.url));
      this.#known = { find, fetchedAt: performance.now() };
      if (this.#failing) this.#options.logger.info('the keys of client tokens can be fetched again');
      this.#failing = false;
      return this.#known;
    } catch (error) {
      if (!this.#failing)
        this.#options.logger.warn({ err: error }, 'the keys of client tokens can not be fetched');
      this.#failing = true;
      throw new KeysUnavailableError({ cause: error });
    }
  }
}

async function fetchJwks(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    redirect: 'error', // to wherever it leads, it was not configured
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`answered ${response.status}`);
  }
  return jwksSchema.parse(JSON.parse(await readText(response)));
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > BODY_BYTES_MAX) throw new Error(`the answer is larger than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
