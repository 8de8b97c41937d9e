import { createHash, timingSafeEqual } from 'node:crypto';
import { isTargetIdStart } from '@postline/protocol';

/** What a key may be used for. */
const KEY_SCOPES = ['publish', 'batch', 'read', 'manage'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** Whoever holds a key. */
export interface Publisher {
  /** For logs and metrics, and the scope of idempotency keys. Several keys may have one name: so a key is changed. */
  readonly name: string;
  readonly scopes: ReadonlySet<KeyScope>;
  /** Starts of target ids, one of which each target must have; empty where any target may be addressed. */
  readonly targetPrefixes: readonly string[];
}

/** Each name is a label of the metrics. */
const KEYS_MAX = 1_000;
/** What the column `publisher` holds. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const PREFIX_SCOPE = 'prefix=';

/** What a key may do where its entry doesn't say. */
const DEFAULT_SCOPES: readonly KeyScope[] = ['publish', 'batch'];

export type PublisherKeysResult =
  | { readonly ok: true; readonly value: PublisherKeys }
  | { readonly ok: false; readonly error: string };

interface KeyEntry {
  readonly digest: Buffer;
  readonly publisher: Publisher;
}

/** The digest of a key: what is configured in its place, so that no file or environment holds the key itself. */
export function keyDigest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** True for a name that a publisher may have. */
export function isPublisherName(name: string): boolean {
  return NAME.test(name);
}

/** The keys that are known, by their digests. */
export class PublisherKeys {
  readonly #entries = new Map<string, KeyEntry>();

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Whose key this is. The time that it takes says nothing of any key: what is looked up is a digest, of which a caller
   * can't choose a part, and the one that is found is compared in constant time.
   */
  find(key: string): Publisher | undefined {
    const digest = createHash('sha256').update(key).digest();
    const entry = this.#entries.get(digest.toString('hex'));
    return entry !== undefined && timingSafeEqual(entry.digest, digest) ? entry.publisher : undefined;
  }

  /** False where the digest is there already. */
  add(digest: string, publisher: Publisher): boolean {
    if (this.#entries.has(digest)) return false;
    this.#entries.set(digest, { digest: Buffer.from(digest, 'hex'), publisher });
    return true;
  }
}

/**
 * Reads entries `name:sha256hex[;scope…]`, separated by commas or line ends; lines that start with `#` are comments.
 * What is wrong is told by the entry's number: its text may be a key that was put there by mistake.
 */
export function parsePublisherKeys(text: string): PublisherKeysResult {
  const keys = new PublisherKeys();
  const entries = text
    .split(/\r?\n/)
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length > KEYS_MAX) return { ok: false, error: `must have at most ${KEYS_MAX} entries` };
  for (const [index, entry] of entries.entries()) {
    const fault = addEntry(keys, entry);
    if (fault !== undefined) return { ok: false, error: `entry ${index + 1} ${fault}` };
  }
  return { ok: true, value: keys };
}

function addEntry(keys: PublisherKeys, entry: string): string | undefined {
  const [identity = '', ...scopeTexts] = entry.split(';').map((part) => part.trim());
  const colon = identity.indexOf(':');
  const [name, digest] = [identity.slice(0, Math.max(0, colon)), identity.slice(colon + 1).toLowerCase()];
  if (!isPublisherName(name))
    return 'must be name:sha256hex, the name of A-Z a-z 0-9 . _ - and at most 64 long';
  if (!DIGEST.test(digest))
    return 'must have the SHA-256 of its key after the name, in 64 hexadecimal digits';
  if (digest === keyDigest('')) return 'has the SHA-256 of an empty key';
  const parsed = parseKeyScopes(scopeTexts.filter((scope) => scope !== ''));
  if (!parsed.ok) return parsed.error;
  return keys.add(digest, { name, ...parsed.value }) ? undefined : 'has the key of an earlier entry';
}

type ScopesResult =
  | { readonly ok: true; readonly value: Pick<Publisher, 'scopes' | 'targetPrefixes'> }
  | { readonly ok: false; readonly error: string };

/** Reads scopes as they stand in an entry. */
export function parseKeyScopes(texts: readonly string[]): ScopesResult {
  const scopes = new Set<KeyScope>();
  const targetPrefixes: string[] = [];
  for (const text of texts) {
    const scope = KEY_SCOPES.find((known) => known === text);
    const prefix = text.startsWith(PREFIX_SCOPE) ? text.slice(PREFIX_SCOPE.length) : undefined;
    if (scope !== undefined) scopes.add(scope);
    else if (prefix !== undefined && isTargetIdStart(prefix)) targetPrefixes.push(prefix);
    else
      return {
        ok: false,
        error: `has a scope that is none of ${KEY_SCOPES.join(', ')}, prefix=<start of target ids>`,
      };
  }
  return { ok: true, value: { scopes: scopes.size > 0 ? scopes : new Set(DEFAULT_SCOPES), targetPrefixes } };
}

/** Whether a key may be used for a target. */
export function mayAddress({ targetPrefixes }: Publisher, targetId: string): boolean {
  return targetPrefixes.length === 0 || targetPrefixes.some((prefix) => targetId.startsWith(prefix));
}
