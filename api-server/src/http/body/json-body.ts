import type { IncomingMessage } from 'node:http';
import type { Parsed, Refusal } from '../answers/problem.ts';
import { jsonCost } from './json-cost.ts';
import { type BodyLimits, type ReceivedBody, receiveBody } from './receive-body.ts';

/** Invalid UTF-8 is an error: replaced silently, it would be stored as another text. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Receives a JSON body and parses it with `read`. It must be uncompressed `application/json` in UTF-8: inflated or decoded,
 * a body could be a hundred times as large as the bytes that were admitted.
 */
export function receiveJsonBody<T>(
  request: IncomingMessage,
  limits: BodyLimits,
  read: (value: unknown) => Parsed<T>,
): Promise<ReceivedBody<T>> {
  const refusal = refuseMediaType(request);
  if (refusal !== undefined) return Promise.resolve({ ok: false, refusal });
  return receiveBody(request, limits, {
    costOf: jsonCost,
    read: (body) => {
      const parsed = parseJson(body);
      return parsed.ok ? read(parsed.value) : parsed;
    },
  });
}

/** Receives a JSON body that may be missing: then `read` gets `{}`, whatever the Content-Type. */
export function receiveOptionalJsonBody<T>(
  request: IncomingMessage,
  limits: BodyLimits,
  read: (value: unknown) => Parsed<T>,
): Promise<ReceivedBody<T>> {
  const refusal = refuseMediaType(request);
  return receiveBody(request, limits, {
    costOf: jsonCost,
    read: (body) => {
      if (body.length === 0) return read({});
      if (refusal !== undefined) return { ok: false, refusal };
      const parsed = parseJson(body);
      return parsed.ok ? read(parsed.value) : parsed;
    },
  });
}

function refuseMediaType({ headers }: IncomingMessage): Refusal | undefined {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return unsupported('The body must not be compressed.');
  }
  const contentType = headers['content-type'];
  if (contentType === undefined) return unsupported('Content-Type: application/json is missing.');
  if (contentType === 'application/json') return undefined;
  const [mediaType = '', ...parameters] = contentType.toLowerCase().split(';');
  if (mediaType.trim() !== 'application/json') return unsupported('Content-Type must be application/json.');
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='));
  if (charset === undefined || /^charset="?utf-?8"?$/.test(charset)) return undefined;
  return unsupported('The charset must be utf-8.');
}

function unsupported(detail: string): Refusal {
  return { code: 'unsupported_media_type', detail };
}

function parseJson(body: Buffer): Parsed<unknown> {
  if (body.length === 0) return malformed('The body is empty.');
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return malformed('The body is not valid UTF-8.');
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return malformed('The body is not valid JSON.'); // the parser's own message would repeat the body
  }
}

function malformed(detail: string): Parsed<never> {
  return { ok: false, refusal: { code: 'malformed_json', detail } };
}
