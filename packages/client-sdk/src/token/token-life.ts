import { isJsonObject, parseJson } from '../json-value.ts';

/**
 * The lifetime of a JWT from issue to expiry, in milliseconds; infinite if its claims do not say. Both times are of the
 * issuer's clock, because the device's own may be hours off. Nothing is verified: the relay does that.
 */
export function tokenLifeMs(token: string): number {
  const claims = readClaims(token);
  const { exp, nbf, iat = nbf } = isJsonObject(claims) ? claims : {};
  const lifeMs = ((exp as number) - (iat as number)) * 1_000;
  return lifeMs > 0 ? lifeMs : Number.POSITIVE_INFINITY;
}

/** One character for each byte, which is enough for the ASCII claims that count. */
function readClaims(token: string): unknown {
  try {
    return parseJson(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return undefined; // no Base64, or a platform without `atob`
  }
}
