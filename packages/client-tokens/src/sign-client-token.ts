import { SignJWT } from 'jose';

export interface ClientTokenContent {
  readonly secret: string;
  readonly clientId: string;
  readonly expiresInSeconds: number;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
}

/** A token for one client, signed with the secret (HS256). */
export async function signClientToken(content: ClientTokenContent): Promise<string> {
  const { secret, clientId, expiresInSeconds, issuer, audience } = content;
  const now = Math.floor(Date.now() / 1_000);
  const token = new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(clientId)
    .setIssuedAt(now)
    .setExpirationTime(now + expiresInSeconds);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return await token.sign(new TextEncoder().encode(secret));
}
