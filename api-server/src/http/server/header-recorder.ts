import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { HeaderList } from '../answers/answer.ts';

type HeaderSetter = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** The headers that a piece of middleware sets for a request of this kind, so that it need not run for each one. */
export function recordHeaders(
  setHeaders: HeaderSetter,
  { method = 'POST', headers = {} }: Partial<Pick<IncomingMessage, 'method' | 'headers'>> = {},
): HeaderList {
  const request = Object.assign(new IncomingMessage(new Socket()), { method, headers });
  const response = new RecordingResponse(request);
  setHeaders(request, response, () => undefined);
  return [...response.recorded].flat();
}

class RecordingResponse extends ServerResponse {
  readonly recorded = new Map<string, string>();

  override setHeader(name: string, value: number | string | readonly string[]): this {
    this.recorded.set(name, String(value));
    return super.setHeader(name, value);
  }
}
