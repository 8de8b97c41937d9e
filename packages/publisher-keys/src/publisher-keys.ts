import { createHash, timingSafeEqual } from 'node:crypto';
import { isTargetIdStart } from '@postline/protocol';
import type { Result } from '@postline/service-runtime';

/** What a key allows. */
export const KEY_SCOPES = ['publish', 'batch', 'read', 'members', 'manage'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** The holder of a key. */
export interface Publisher {
  /** For logs and metrics, and the scope of idempotency keys. Two keys may share a name, so that a key can be replaced. */
  readonly name: string;
  readonly scopes: ReadonlySet<KeyScope>;
  /** Each target id must start with one of these; empty: no restriction. */
  readonly targetPrefixes: readonly string[];
}

/** Each name is a label value in the metrics. */
const KEYS_MAX = 1_000;
/** What fits into the column `publisher`. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const PREFIX_SCOPE = 'prefix=';

/** The scopes of a key whose entry names none. */
const DEFAULT_SCOPES: readonly KeyScope[] = ['publish', 'batch'];

interface KeyEntry {
  readonly digest: Buffer;
  readonly publisher: Publisher;
}

/** The digest of a key. Configuration holds the digest, never the key itself. */
export function keyDigest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export function isPublisherName(name: string): boolean {
  return NAME.test(name);
}

/** The configured keys, by digest. */
export class PublisherKeys {
  readonly #entries = new Map<string, KeyEntry>();

  get size(): number {
    return this.#entries.size;
  }

  /**
   * The holder of this key. Timing reveals nothing about the configured keys: the look-up uses a digest, no part of
   * which a caller can choose, and the comparison takes constant time.
   */
  find(key: string): Publisher | undefined {
    const digest = createHash('sha256').update(key).digest();
    const entry = this.#entries.get(digest.toString('hex'));
    return entry !== undefined && timingSafeEqual(entry.digest, digest) ? entry.publisher : undefined;
  }

  /** Whether any key has this scope. */
  hasScope(scope: KeyScope): boolean {
    return [...this.#entries.values()].some(({ publisher }) => publisher.scopes.has(scope));
  }

  /** Returns false if the digest exists already. */
  add(digest: string, publisher: Publisher): boolean {
    if (this.#entries.has(digest)) return false;
    this.#entries.set(digest, { digest: Buffer.from(digest, 'hex'), publisher });
    return true;
  }
}

/**
 * Parses entries `name:sha256hex[;scope…]`, separated by commas or line ends; lines that start with `#` are comments.
 * An error names the entry by its number, because its text may be a key that was put there by mistake.
 */
export function parsePublisherKeys(text: string): Result<PublisherKeys> {
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
    return 'must be name:sha256hex, with a name of at most 64 characters of A-Z a-z 0-9 . _ -';
  if (!DIGEST.test(digest))
    return 'must have the SHA-256 of its key after the name, as 64 hexadecimal digits';
  if (digest === keyDigest('')) return 'has the SHA-256 of an empty key';
  const parsed = parseKeyScopes(scopeTexts.filter((scope) => scope !== ''));
  if (!parsed.ok) return parsed.error;
  return keys.add(digest, { name, ...parsed.value }) ? undefined : 'repeats the key of an earlier entry';
}

/** Parses the scopes of an entry. */
export function parseKeyScopes(
  texts: readonly string[],
): Result<Pick<Publisher, 'scopes' | 'targetPrefixes'>> {
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
        error: `has an unknown scope; known are ${KEY_SCOPES.join(', ')}, prefix=<start of target ids>`,
      };
  }
  return { ok: true, value: { scopes: scopes.size > 0 ? scopes : new Set(DEFAULT_SCOPES), targetPrefixes } };
}

/** Whether the publisher's prefixes include the target. */
export function mayAddress({ targetPrefixes }: Publisher, targetId: string): boolean {
  return targetPrefixes.length === 0 || targetPrefixes.some((prefix) => targetId.startsWith(prefix));
}
