import { type PostlineError, PublishError } from '@postline/client';

/** By the API's error code. */
const OF_API: Readonly<Record<string, string>> = {
  unauthorized:
    'Set POSTLINE_KEY to a key whose entry is in the PUBLISH_KEYS of the API (postline key new <name> makes both).',
  forbidden:
    'Use a key with the scope publish and without a prefix, or with prefix=_doctor.; a host must be in ALLOWED_HOSTS.',
  rate_limited: 'Wait a minute, or raise the limit that the text names.',
  overloaded: 'Wait until the database has caught up, or run more APIs.',
  store_unavailable: 'Start the database of the API: its /readyz has the reason.',
  unknown_answer: 'Set POSTLINE_API_URL to the API: something else answers there.',
};

/** By the code in the relay's error frame. */
const OF_RELAY: Readonly<Record<string, string>> = {
  unauthorized:
    'Set CLIENT_TOKEN_SECRET to the secret of the relay, or POSTLINE_TOKEN to a token for _doctor.1 (postline token _doctor.1).',
  token_expired: 'Set POSTLINE_TOKEN to a fresh token.',
  token_unverifiable: 'Let the relay reach CLIENT_TOKEN_JWKS_URL.',
  origin_not_allowed: 'Add the host of POSTLINE_RELAY_URL to the ALLOWED_HOSTS of the relay.',
  too_many_connections: 'Close connections of this client, or raise CONNECTIONS_PER_CLIENT_MAX.',
};

export function publishAdvice(error: unknown): string {
  const code = error instanceof PublishError ? error.code : '';
  return OF_API[code] ?? 'Look into the log of the API: it has the request.';
}

export function connectAdvice({ relayCode, closeCode }: PostlineError): string {
  const advice = OF_RELAY[relayCode ?? ''];
  if (advice !== undefined) return advice;
  return closeCode === undefined || closeCode === 1006
    ? 'Let the proxy in front of the relay pass WebSocket upgrades (docs/nginx.conf).'
    : 'Look into the log of the relay: it has the connection.';
}
