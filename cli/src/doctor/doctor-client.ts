import { randomBytes } from 'node:crypto';
import { signClientToken } from '@postline/client-tokens';
import type { DoctorSettings } from './doctor-settings.ts';

/** The doctor's messages disturb nobody, because no application uses such client ids. */
const CLIENT_ID_START = '_doctor.';
const RANDOM_BYTES = 8;
const TOKEN_SECONDS = 300;

/** The client that the doctor connects as. */
export interface DoctorClient {
  readonly clientId: string;
  readonly token: string | undefined;
  /** False for the token of a real client, which must not receive the doctor's messages. */
  readonly mayReceive: boolean;
}

/**
 * The doctor uses its own client id. If tokens are required, it needs the secret in this environment, or a token for an
 * id that begins with `_doctor.`.
 */
export async function doctorClient(
  settings: DoctorSettings | undefined,
  givenToken: string | undefined,
): Promise<DoctorClient> {
  const clientId = `${CLIENT_ID_START}${randomBytes(RANDOM_BYTES).toString('hex')}`;
  const secret = settings?.CLIENT_TOKEN_SECRET ?? settings?.CLIENT_TOKEN_SECRET_FILE;
  if (secret !== undefined) {
    const { CLIENT_TOKEN_ISSUER: issuer, CLIENT_TOKEN_AUDIENCE: audience } = settings ?? {};
    const content = { secret, clientId, issuer, audience, expiresInSeconds: TOKEN_SECONDS };
    return { clientId, token: await signClientToken(content), mayReceive: true };
  }
  if (givenToken === undefined) return { clientId, token: undefined, mayReceive: true };
  const subject = subjectOf(givenToken);
  return {
    clientId: subject ?? clientId,
    token: givenToken,
    mayReceive: subject?.startsWith(CLIENT_ID_START) ?? true,
  };
}

/** The `sub` of a token, unverified; undefined if it is not a token. */
function subjectOf(token: string): string | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const subject = (payload as { readonly sub?: unknown } | null)?.sub;
    return typeof subject === 'string' ? subject : undefined;
  } catch {
    return undefined;
  }
}
