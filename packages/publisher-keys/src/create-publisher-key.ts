import { randomBytes } from 'node:crypto';
import { keyDigest } from './publisher-keys.ts';

/** 256 random bits cannot be guessed, so a plain SHA-256 protects them. */
const KEY_BYTES = 32;
/** Identifies a key as one, for people and for secret scanners. */
const KEY_START = 'pk_';

export interface NewPublisherKeyOptions {
  /** Checked by `isPublisherName`. */
  readonly name: string;
  /** Checked by `parseKeyScopes`. Empty: the default scopes. */
  readonly scopes: readonly string[];
}

export interface NewPublisherKey {
  /** For the publisher. It is stored nowhere. */
  readonly key: string;
  /** For `PUBLISH_KEYS`: the name, the digest of the key, and the scopes. */
  readonly entry: string;
}

/** Creates a random key and the entry by which the API knows it. */
export function createPublisherKey({ name, scopes }: NewPublisherKeyOptions): NewPublisherKey {
  const key = `${KEY_START}${randomBytes(KEY_BYTES).toString('base64url')}`;
  return { key, entry: [`${name}:${keyDigest(key)}`, ...scopes].join(';') };
}
