const KEY_BYTES = 16;

/** Http pages lack `randomUUID`, React Native lacks all of it. */
interface RandomGlobals {
  readonly crypto?: Partial<Pick<Crypto, 'randomUUID' | 'getRandomValues'>>;
}

/**
 * A unique key. It need not be secret, because each publisher has keys of its own: on a platform without `crypto`, 128
 * bits of `Math.random` and the time are enough.
 */
export function randomKey(): string {
  const { crypto } = globalThis as RandomGlobals;
  if (crypto?.randomUUID !== undefined) return crypto.randomUUID();
  const bytes = new Uint8Array(KEY_BYTES);
  if (crypto?.getRandomValues !== undefined) crypto.getRandomValues(bytes);
  else bytes.forEach((_zero, place) => (bytes[place] = Math.random() * 256));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return crypto?.getRandomValues === undefined ? `${hex}-${Date.now().toString(16)}` : hex;
}
