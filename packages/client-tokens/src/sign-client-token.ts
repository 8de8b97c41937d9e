import { SignJWT } from 'jose';

export interface ClientTokenContent {
  readonly secret: string;
  readonly clientId: string;
  readonly expiresInSeconds: number;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** The claim `groups`: names of groups that the client follows. */
  readonly groups?: readonly string[];
  /** The claim `follow`: names of groups that the client may follow, or beginnings with a trailing `*`. */
  readonly follow?: readonly string[];
}

/** A token for one client, signed with the secret (HS256). */
export async function signClientToken(content: ClientTokenContent): Promise<string> {
  const { secret, clientId, expiresInSeconds, issuer, audience, groups, follow } = content;
  const now = Math.floor(Date.now() / 1_000);
  const token = new SignJWT({ ...(groups && { groups }), ...(follow && { follow }) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(clientId)
    .setIssuedAt(now)
    .setExpirationTime(now + expiresInSeconds);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return await token.sign(new TextEncoder().encode(secret));
}
