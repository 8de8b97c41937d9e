const KEY_BYTES = 16;

/** What may be missing: `randomUUID` on a page by plain http, all of it in React Native. */
interface Surroundings {
  readonly crypto?: Partial<Pick<Crypto, 'randomUUID' | 'getRandomValues'>>;
}

/**
 * A key that nobody else makes. Keys are apart for each publisher, so it need not be a secret: where the platform has no
 * better chance, 128 bits of the ordinary one and the time do.
 */
export function randomKey(): string {
  const { crypto } = globalThis as Surroundings;
  if (crypto?.randomUUID !== undefined) return crypto.randomUUID();
  const bytes = new Uint8Array(KEY_BYTES);
  if (crypto?.getRandomValues !== undefined) crypto.getRandomValues(bytes);
  else bytes.forEach((_zero, place) => (bytes[place] = Math.random() * 256));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return crypto?.getRandomValues === undefined ? `${hex}-${Date.now().toString(16)}` : hex;
}
