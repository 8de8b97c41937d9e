import { isJsonObject, parseJson } from '../json-value.ts';

const BASE64_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * The lifetime of a JWT from issue to expiry, in milliseconds; infinite if its claims do not say. Both times are of the
 * issuer's clock, because the device's own may be hours off. Nothing is verified: the relay does that.
 */
export function tokenLifeMs(token: string): number {
  const claims = parseJson(decodeBase64Url(token.split('.')[1] ?? ''));
  const { exp, nbf, iat = nbf } = isJsonObject(claims) ? claims : {};
  const lifeMs = ((exp as number) - (iat as number)) * 1_000;
  return lifeMs > 0 ? lifeMs : Number.POSITIVE_INFINITY;
}

/** One character for each byte, which is enough for the ASCII claims read here. Some platforms lack `atob`. */
function decodeBase64Url(text: string): string {
  let bytes = '';
  let bits = 0;
  let bitCount = 0;
  for (const character of text) {
    const digit = BASE64_DIGITS.indexOf(character);
    if (digit < 0) continue; // padding
    bits = (bits << 6) | digit;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    bytes += String.fromCharCode((bits >> bitCount) & 255);
  }
  return bytes;
}
