import { isJsonObject, parseJson } from './json-value.ts';

/** When a JWT expires, in milliseconds since 1970; `undefined` where it doesn't say. Nothing is verified: the relay does. */
export function tokenExpiryMs(token: string): number | undefined {
  const claims = parseJson(decodeBase64Url(token.split('.')[1] ?? ''));
  if (!isJsonObject(claims)) return undefined;
  const seconds = claims['exp'];
  return typeof seconds === 'number' ? seconds * 1_000 : undefined;
}

function decodeBase64Url(text: string): string {
  try {
    return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return '';
  }
}
