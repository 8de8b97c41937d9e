import {
  Counts,
  describeFault,
  type FaultReason,
  type Logger,
  OutageLog,
  pause,
} from '@postline/service-runtime';
import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
import { z } from 'zod';

/** A client waits for the result, and has 10 s to identify. */
const FETCH_TIMEOUT_MS = 5_000;
/** Some hundred keys; large providers use less than a tenth of it. */
const BODY_BYTES_MAX = 256 * 1024;
/** The longest time until a revoked key is noticed. */
const FRESH_MS = 5 * 60_000;
/** The shortest time between two fetches: tokens with forged key ids must not cause a flood of requests. */
const COOLDOWN_DEFAULT_MS = 5_000;
/** Many clients wait at once after a rotation of keys. With tokens of 8 KiB at most, that is 32 MiB. */
const WAITING_MAX = 4_096;
/** One address must not take all places; behind an untrusted proxy it may stand for many clients. */
const WAITING_PER_ADDRESS_MAX = 512;

/** The keys cannot be fetched now, so tokens cannot be checked. */
export class KeysUnavailableError extends Error {
  readonly code = 'keys_unavailable';

  constructor(options?: ErrorOptions) {
    super('the keys of client tokens cannot be fetched', options);
    this.name = 'KeysUnavailableError';
  }
}

type FindKey = ReturnType<typeof createLocalJWKSet>;

interface FetchedKeys {
  readonly find: FindKey;
  /** On the monotonic clock (`performance.now()`). */
  readonly fetchedAt: number;
  /** The number of the fetch that returned them, from 1 on. */
  readonly fetchNumber: number;
}

/** The key is unknown now; a later fetch may return it. */
export class KeyNotKnownError extends Error {
  readonly code = 'key_not_known';
  /** The last fetch, which did not return it; 0 if there was none. */
  readonly fetchNumber: number;

  constructor(fetchNumber: number) {
    super('the key is not known');
    this.name = 'KeyNotKnownError';
    this.fetchNumber = fetchNumber;
  }
}

export interface RemoteKeySetOptions {
  readonly url: string;
  /** Milliseconds for which keys count while their address does not answer. */
  readonly keepMs: number;
  readonly logger: Logger;
  /** Milliseconds between two fetches; 5 s if left out. */
  readonly cooldownMs?: number | undefined;
}

const jwksSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/**
 * The public keys at an address (JWKS, RFC 7517), cached and refreshed in the background every few minutes. While the
 * address does not answer, the cached keys stay valid. An unknown key id may belong to a new key, so its check waits
 * for the next fetch, which all waiting checks share.
 */
export class RemoteKeySet {
  readonly #options: RemoteKeySetOptions;
  readonly #cooldownMs: number;
  #known: FetchedKeys | undefined;
  /** The fetch under way, or planned for the end of the cooldown. */
  #next: Promise<FetchedKeys> | undefined;
  #lastFetchAt = Number.NEGATIVE_INFINITY;
  #fetchesBegun = 0;
  #failing = false;
  #waitingCount = 0;
  readonly #waitingByAddress = new Counts<string>();
  readonly #log: OutageLog;

  constructor(options: RemoteKeySetOptions) {
    this.#options = options;
    this.#log = new OutageLog({
      logger: options.logger,
      describe: (reason) => `the keys of client tokens cannot be fetched: ${reason}`,
      over: 'the keys of client tokens can be fetched again',
    });
    this.#cooldownMs = options.cooldownMs ?? COOLDOWN_DEFAULT_MS;
  }

  /** Keys published after now are returned only by fetches with a higher number. */
  get fetchesBegun(): number {
    return this.#fetchesBegun;
  }

  /** The key for a token's header, from the cache only. Rejects with a KeyNotKnownError if there is none. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const known = this.#usableKeys();
    if (known === undefined) throw new KeyNotKnownError(0);
    try {
      return await known.find(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw new KeyNotKnownError(known.fetchNumber);
      if (error instanceof errors.JOSEError) throw error;
      throw new KeysUnavailableError({ cause: error }); // the key is broken
    }
  }

  /**
   * Resolves after the next fetch; rejects with a KeysUnavailableError if it fails, or if too many calls wait already.
   */
  async waitForNext(address: string): Promise<void> {
    if (this.#waitingCount >= WAITING_MAX || this.#waitingByAddress.get(address) >= WAITING_PER_ADDRESS_MAX)
      throw new KeysUnavailableError();
    this.#waitingCount += 1;
    this.#waitingByAddress.add(address);
    try {
      await this.#fetchNext();
    } finally {
      this.#waitingCount -= 1;
      this.#waitingByAddress.subtract(address);
    }
  }

  /** Undefined if there are none, or if they are too old. */
  #usableKeys(): FetchedKeys | undefined {
    const known = this.#known;
    if (known === undefined) return undefined;
    const ageMs = performance.now() - known.fetchedAt;
    if (ageMs > Math.max(FRESH_MS, this.#options.keepMs)) return undefined;
    if (ageMs > FRESH_MS) this.#fetchNext().catch(() => undefined); // it is logged, and the known keys stay valid
    return known;
  }

  /**
   * Concurrent callers share one fetch, at the end of the cooldown; after a failed fetch they are rejected until then.
   */
  #fetchNext(): Promise<FetchedKeys> {
    if (this.#next !== undefined) return this.#next;
    const cooldownLeftMs = this.#lastFetchAt + this.#cooldownMs - performance.now();
    if (cooldownLeftMs > 0 && this.#failing) return Promise.reject(new KeysUnavailableError());
    this.#next = this.#fetchAfter(cooldownLeftMs).finally(() => {
      this.#next = undefined;
    });
    return this.#next;
  }

  async #fetchAfter(pauseMs: number): Promise<FetchedKeys> {
    if (pauseMs > 0) await pause(pauseMs, { holdsProcess: false });
    this.#lastFetchAt = performance.now();
    return await this.#fetch();
  }

  async #fetch(): Promise<FetchedKeys> {
    this.#fetchesBegun += 1;
    const fetchNumber = this.#fetchesBegun;
    try {
      const find = createLocalJWKSet(await fetchJwks(this.#options.url));
      this.#known = { find, fetchNumber, fetchedAt: performance.now() };
      this.#failing = false;
      this.#log.worked();
      return this.#known;
    } catch (error) {
      this.#failing = true;
      this.#log.failed(describeFetchFault(error));
      throw new KeysUnavailableError({ cause: error });
    }
  }
}

/** The answer is not a set of keys. The message repeats no part of the answer. */
class AnswerError extends Error {}

function describeFetchFault(error: unknown): FaultReason {
  if (error instanceof AnswerError) return { kind: error.message, text: error.message };
  if (error instanceof Error && error.name === 'TimeoutError')
    return { kind: 'timed-out', text: 'timed out' };
  return describeFault(error);
}

async function fetchJwks(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    redirect: 'manual', // only the configured address is trusted
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new AnswerError(`the status is ${response.status}`);
  }
  const text = await readText(response);
  try {
    return jwksSchema.parse(JSON.parse(text));
  } catch {
    throw new AnswerError('the answer is no JSON Web Key Set');
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > BODY_BYTES_MAX) throw new AnswerError(`the answer is larger than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
