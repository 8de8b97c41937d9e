import type { ServerResponse } from 'node:http';
import { endAndLinger, mustLinger } from '@postline/service-runtime';
import { type CommonHeaders, headerListOf, writeHeadAsText } from './answer-head.ts';
import { pathOf } from './request-path.ts';
import { countUntaken } from './untaken-answers.ts';

/** A complete HTTP answer, independent of the framework that sends it. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** The body in the answer to a request of this path, if it has addresses that are relative to the request. */
  readonly bodyFor?: (path: string) => string;
}

export interface TextAnswer extends HttpAnswer {
  readonly body: string;
}

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): TextAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

/**
 * Writes an answer in one call, with the common headers of its request. Does nothing if the client is gone or an answer
 * was sent already. Node omits the body for HEAD. While the client still sends its request, the connection stays open, so
 * that a client which reads only after it has written finds its answer.
 */
export function writeAnswer(response: ServerResponse, answer: HttpAnswer, common?: CommonHeaders): void {
  if (response.headersSent || response.destroyed) return;
  const body = bodyOf(answer, response);
  const bodyBytes = Buffer.byteLength(body);
  const lingers = mustLinger(response);
  if (!lingers && common !== undefined && writeHeadAsText(response, answer, { common, bodyBytes })) {
    response.end(body);
    return;
  }
  const headers = common === undefined ? [] : headerListOf(common);
  for (const name in answer.headers) headers.push(name, answer.headers[name] ?? '');
  if (answer.status !== 204) headers.push('Content-Length', String(bodyBytes));
  if (lingers) {
    response.writeHead(answer.status, [...headers, 'Connection', 'close']);
    endAndLinger(response, body);
    return;
  }
  response.writeHead(answer.status, headers);
  response.end(body);
}

/** The body for the request that this is the response to. */
export function bodyOf({ body, bodyFor }: HttpAnswer, { req }: ServerResponse): string | Uint8Array {
  return bodyFor?.(pathOf(req)) ?? body;
}

/** Writes an answer, and counts its bytes until the client has received them. */
export function sendAnswer(response: ServerResponse, answer: HttpAnswer, common?: CommonHeaders): void {
  if (response.headersSent || response.destroyed) return;
  writeAnswer(response, answer, common);
  countUntaken(response, answer.body.length);
}
