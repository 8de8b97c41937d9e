/** Why a request may not become a connection. */
export type UpgradeRefusal =
  | 'host-not-allowed'
  | 'draining'
  | 'too-many-connections'
  | 'too-many-from-this-address'
  | 'too-many-bad-tokens';

/** A full or draining relay may have room a moment later; clients back off further on their own. */
export const RETRY_AFTER_SECONDS = 5;

const ANSWERS: Readonly<Record<UpgradeRefusal, { readonly status: string; readonly retry: boolean }>> = {
  'host-not-allowed': { status: '403 Forbidden', retry: false },
  draining: { status: '503 Service Unavailable', retry: true },
  'too-many-connections': { status: '503 Service Unavailable', retry: true },
  'too-many-from-this-address': { status: '429 Too Many Requests', retry: true },
  'too-many-bad-tokens': { status: '429 Too Many Requests', retry: true },
};

/** The complete HTTP response to a refused upgrade. */
export function refusalAnswer(refusal: UpgradeRefusal): string {
  const { status, retry } = ANSWERS[refusal];
  const body = `${refusal}\n`;
  const retryAfter = retry ? `Retry-After: ${RETRY_AFTER_SECONDS}\r\n` : '';
  return (
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n${retryAfter}` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}
