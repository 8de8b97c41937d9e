import { parseJsonObject } from '../page/json-object.ts';
import { localTime } from '../page/time-words.ts';

interface TokenClaims {
  readonly sub?: unknown;
  readonly exp?: unknown;
}

/** What the page can tell about a token before a relay verifies it; empty if there is none. */
export function tokenWords(token: string, clientId: string, now: Date): string {
  if (token === '') return '';
  const claims = readClaims(token);
  if (claims === undefined) return 'This is not a token: a token has three parts with dots between them.';
  const { sub, exp } = claims;
  if (sub !== clientId)
    return `This token is for ${typeof sub === 'string' ? `client ${sub}` : 'no client'}, not for ${clientId}.`;
  if (typeof exp !== 'number') return 'This token does not expire.';
  const expiresAt = new Date(exp * 1_000);
  if (Number.isNaN(expiresAt.getTime())) return '';
  const words = localTime(expiresAt.toISOString(), now);
  return expiresAt > now ? `Expires ${words}.` : `Expired ${words} by the clock of this device.`;
}

/** The claims of a JWT, unverified. */
function readClaims(token: string): TokenClaims | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const binary = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return parseJsonObject(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
