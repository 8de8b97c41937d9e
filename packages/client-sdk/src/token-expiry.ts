import { isJsonObject } from './json-value.ts';

/**
 * When a JWT expires, in milliseconds since 1970; infinite where it doesn't say. Nothing is verified: the relay does
 * that.
 */
export function tokenExpiryMs(token: string): number {
  try {
    const [, body = ''] = token.split('.');
    const claims: unknown = JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/')));
    if (isJsonObject(claims) && typeof claims['exp'] === 'number') return claims['exp'] * 1_000;
  } catch {
    // Not a JWT.
  }
  return Number.POSITIVE_INFINITY;
}
