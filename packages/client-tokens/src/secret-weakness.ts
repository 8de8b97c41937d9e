/** HS256 signs with 32 bytes; a shorter secret can be guessed offline from a single token. */
export const SECRET_BYTES_MIN = 32;

/** 32 random characters, even hexadecimal digits, have fewer different ones less than once in ten million cases. */
const DIFFERENT_CHARACTERS_MIN = 8;

/** Why a secret is weak, without repeating it; `undefined` if it is acceptable. */
export function secretWeakness(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < SECRET_BYTES_MIN) return `must be at least ${SECRET_BYTES_MIN} bytes`;
  if (new Set(secret).size < DIFFERENT_CHARACTERS_MIN) return 'is too weak: it repeats a few characters';
  return undefined;
}
