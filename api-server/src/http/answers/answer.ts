import type { ServerResponse } from 'node:http';
import { endAndLinger, mustLinger } from '@postline/service-runtime';
import { countUntaken } from './untaken-answers.ts';

/** A whole HTTP answer, made without knowing the framework that sends it. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** One of which the body is text. */
export interface TextAnswer extends HttpAnswer {
  readonly body: string;
}

/** Names and values of headers in turn. */
export type HeaderList = readonly string[];

/** An answer in JSON. */
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
 * Sends it in one write, with further headers in front of its own; nothing where the client is gone or an answer has
 * gone out already. Node leaves the body out for HEAD. Where the client still sends its request, the connection stays
 * until it has, so that a client which reads only then finds its answer.
 */
export function writeAnswer(
  response: ServerResponse,
  answer: HttpAnswer,
  furtherHeaders: HeaderList = [],
): void {
  if (response.headersSent || response.destroyed) return;
  const headers = [...furtherHeaders];
  for (const name in answer.headers) headers.push(name, answer.headers[name] ?? '');
  if (answer.status !== 204) headers.push('Content-Length', String(Buffer.byteLength(answer.body)));
  if (mustLinger(response)) {
    response.writeHead(answer.status, [...headers, 'Connection', 'close']);
    endAndLinger(response, answer.body);
    return;
  }
  response.writeHead(answer.status, headers);
  response.end(answer.body);
}

/** Sends an answer as `writeAnswer` does, and counts it until its client has taken it. */
export function sendAnswer(response: ServerResponse, answer: HttpAnswer, furtherHeaders?: HeaderList): void {
  if (response.headersSent || response.destroyed) return;
  writeAnswer(response, answer, furtherHeaders);
  countUntaken(response, answer.body.length);
}
