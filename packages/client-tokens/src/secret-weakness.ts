/** HS256 signs with 32 bytes; a shorter secret can be guessed from a single token, without asking anybody. */
export const SECRET_BYTES_MIN = 32;

/** 32 random characters, of hexadecimal digits even, have fewer different ones less than once in ten million. */
const DIFFERENT_CHARACTERS_MIN = 8;

/** Why a secret can be guessed, in words that don't repeat it; `undefined` where nothing speaks against it. */
export function secretWeakness(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < SECRET_BYTES_MIN) return `must be at least ${SECRET_BYTES_MIN} bytes`;
  if (new Set(secret).size < DIFFERENT_CHARACTERS_MIN) return 'is too weak: it repeats a few characters';
  return undefined;
}
