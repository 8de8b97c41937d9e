import {
  GROUPS_PER_CLIENT_MAX,
  HTTP_ERRORS,
  type HttpErrorCode,
  MESSAGE_BYTES_MAX,
} from '@postline/protocol';
import { html, htmlPage, prose } from '@postline/service-runtime';

/** What causes each problem, and what the sender of the request does about it. */
const EXPLANATIONS: Readonly<Record<HttpErrorCode, string>> = {
  malformed_json:
    'The body is empty, incomplete, not valid JSON, or not valid UTF-8. Shells change quotes: compare what was sent with an example in the documentation.',
  validation_failed:
    'A field, a parameter, a header or the URL is missing or has a value that is not allowed. `errors` lists each place with the reason.',
  unauthorized:
    'The request has no key or token, or one that is not known, expired or revoked. Send `Authorization: Bearer` with a key of `PUBLISH_KEYS` or, to read, a token of the client.',
  forbidden:
    'The key lacks the scope or the prefix for this target, the token is of another client, or the page or host name is not allowed (`ALLOWED_ORIGINS`, `ALLOWED_HOSTS`). `detail` names which of them.',
  not_found: 'Nothing has this address. The documentation lists all addresses.',
  method_not_allowed: 'The address exists, but not for this method. The header `Allow` lists its methods.',
  too_many_groups: `A client can be a stored member of at most ${GROUPS_PER_CLIENT_MAX} groups. Remove it from one first. Nothing of the request was stored.`,
  payload_too_large: `The body or the URL is larger than the limit that \`detail\` names. A message has at most ${MESSAGE_BYTES_MAX} bytes: send a link to larger content, or split a batch.`,
  unsupported_media_type:
    'Send `Content-Type: application/json`, in UTF-8 and uncompressed. Without the header, `curl -d` sends another type.',
  idempotency_key_reused:
    'An earlier request with the same `Idempotency-Key` had another message or target. Use a new key for each message, and the same key only to repeat it. Nothing was stored.',
  rate_limited:
    'This key or address sent too many requests, or too many wrong keys. Wait as long as `Retry-After` says. The limits are settings of the service.',
  internal_error:
    'The service failed in a way that it does not know. The log of the service has the cause under the `X-Request-Id` of the answer.',
  overloaded:
    'More requests are waiting than the service accepts. Nothing was stored. Wait as long as `Retry-After` says, and longer after each further attempt.',
  store_unavailable:
    'The database did not answer in time. A message may have been stored: repeat the request with the same `Idempotency-Key`, and it is stored once. `/readyz` shows the state of the database.',
};

/** The page that the `type` of a problem opens. */
export function createProblemPage(code: HttpErrorCode): string {
  const { title, status, retryable } = HTTP_ERRORS[code];
  const body = html`<main>
<h1>${title}</h1>
<p>Code <code>${code}</code>, status ${status}.</p>
<p>${prose(EXPLANATIONS[code])}</p>
<p>${retryable ? 'The same request can succeed later.' : 'The same request fails again unless it is changed.'}</p>
<p><a href="../docs#errors">All errors</a></p>
</main>`;
  return htmlPage({ title: `${title} · Postline API`, base: '../', body });
}
